//! Captures and cluster files to inputs of the analyzer.
