"""What every recording shares: namespaces, captures, mirrors, the kernel's own counts."""
