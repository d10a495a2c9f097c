//! JSON whose objects have their fields in the order of their names.
//!
//! In: what can be serialized. Out: the octets that a tree of values would be written as, without the
//! tree: an object is written as it comes, then its fields are put in order.
//! **Errors** a name of a field that is no text, a variant with more than one thing in it.

use std::borrow::Cow;
use std::fmt::Display;
use std::mem;
use std::ops::Range;

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
    Serializer,
};
use serde_json::Error;

type Done = Result<(), Error>;

/// Writes values, one at a time.
#[derive(Default)]
pub(super) struct Writer {
    out: Vec<u8>,
    /// The fields of the objects that are being written, the innermost object last.
    fields: Vec<(Cow<'static, str>, Range<usize>)>,
    /// Where the fields of an object are put in order.
    aside: Vec<u8>,
}

impl Writer {
    /// Writes a value.
    pub(super) fn write(&mut self, value: &impl Serialize) -> Result<String, Error> {
        self.fields.clear();
        self.out.clear();
        value.serialize(&mut *self)?;
        str::from_utf8(&self.out)
            .map(str::to_owned)
            .map_err(Error::custom)
    }

    fn plain(&mut self, value: &(impl Serialize + ?Sized)) -> Done {
        serde_json::to_writer(&mut self.out, value)
    }

    fn list(&mut self) -> List<'_> {
        self.out.push(b'[');
        let start = self.out.len();
        List {
            writer: self,
            start,
        }
    }

    fn object(&mut self) -> Object<'_> {
        self.out.push(b'{');
        let (start, first) = (self.out.len(), self.fields.len());
        Object {
            writer: self,
            start,
            first,
            name: String::new(),
        }
    }

    /// Puts the fields from number `first` on, written from `start` on, in order.
    fn sort(&mut self, first: usize, start: usize) {
        let fields = self.fields.get_mut(first..).unwrap_or_default();
        if !fields.is_sorted_by(|(a, _), (b, _)| a <= b) {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            self.aside.clear();
            for (_, place) in fields {
                if !self.aside.is_empty() {
                    self.aside.push(b',');
                }
                let octets = self.out.get(place.clone()).unwrap_or_default();
                self.aside.extend_from_slice(octets);
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&self.aside);
        }
        self.fields.truncate(first);
    }
}

/// A list that is being written.
pub(super) struct List<'w> {
    writer: &'w mut Writer,
    /// Where its first entry is.
    start: usize,
}

impl List<'_> {
    fn entry(&mut self, value: &(impl Serialize + ?Sized)) -> Done {
        if self.writer.out.len() > self.start {
            self.writer.out.push(b',');
        }
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.out.push(b']');
    }
}

/// An object that is being written.
pub(super) struct Object<'w> {
    writer: &'w mut Writer,
    /// Where its first field is.
    start: usize,
    /// The number of its first field.
    first: usize,
    /// Of the field that comes next, where it came by itself.
    name: String,
}

impl Object<'_> {
    fn field(&mut self, name: Cow<'static, str>, value: &(impl Serialize + ?Sized)) -> Done {
        let writer = &mut *self.writer;
        if writer.out.len() > self.start {
            writer.out.push(b',');
        }
        let begin = writer.out.len();
        writer.plain(&*name)?;
        writer.out.push(b':');
        value.serialize(&mut *writer)?;
        writer.fields.push((name, begin..writer.out.len()));
        Ok(())
    }

    fn close(self) {
        self.writer.sort(self.first, self.start);
        self.writer.out.push(b'}');
    }
}

macro_rules! plain {
    ($($method:ident($kind:ty)),+) => {
        $(fn $method(self, value: $kind) -> Done {
            self.plain(&value)
        })+
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'w>;
    type SerializeTuple = List<'w>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Object<'w>;
    type SerializeStruct = Object<'w>;
    type SerializeStructVariant = Impossible<(), Error>;

    plain! {
        serialize_bool(bool), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_f64(f64)
    }

    fn serialize_f32(self, value: f32) -> Done {
        self.plain(&f64::from(value))
    }

    fn serialize_none(self) -> Done {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.plain(&())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Done {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Done {
        let mut object = self.object();
        object.field(name.into(), value)?;
        object.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w>, Error> {
        Ok(self.list())
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(several(name))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(several(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'w>, Error> {
        Ok(self.object())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'w>, Error> {
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(several(name))
    }
}

fn several(name: impl Display) -> Error {
    Error::custom(format!("{name}: several things without names"))
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.entry(value)
    }

    fn end(self) -> Done {
        self.close();
        Ok(())
    }
}

impl SerializeTuple for List<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        self.entry(value)
    }

    fn end(self) -> Done {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Done {
        self.field(name.into(), value)
    }

    fn end(self) -> Done {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Done {
        let name = serde_json::to_value(name)?;
        let text = name.as_str().map(str::to_owned);
        self.name = text.ok_or_else(|| Error::custom(format!("{name}: a name that is no text")))?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Done {
        let name = mem::take(&mut self.name);
        self.field(name.into(), value)
    }

    fn end(self) -> Done {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    #[derive(Clone, Debug, Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Of(Box<Thing>),
    }

    #[derive(Clone, Debug, Serialize)]
    struct Inner {
        zone: f32,
        address: Option<std::net::IpAddr>,
    }

    #[derive(Clone, Debug, Serialize)]
    struct Thing {
        name: String,
        kind: Kind,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
        rate: f64,
        #[serde(flatten)]
        inner: Inner,
        by_name: BTreeMap<String, (i64, bool)>,
        all: Vec<Inner>,
        nothing: (),
    }

    prop_compose! {
        fn inner()(zone: f32, address: Option<[u8; 4]>) -> Inner {
            Inner { zone, address: address.map(Into::into) }
        }
    }

    prop_compose! {
        fn plain()(
            name in ".*",
            count: Option<u64>,
            rate: f64,
            inner in inner(),
            by_name in prop::collection::btree_map("[a\"\\\\\n é~]*", any::<(i64, bool)>(), 0..4),
            all in prop::collection::vec(inner(), 0..3),
        ) -> Thing {
            Thing { name, kind: Kind::Plain, count, rate, inner, by_name, all, nothing: () }
        }
    }

    proptest! {
        #[test]
        fn the_octets_are_those_of_a_tree_of_values(outer in plain(), within in plain()) {
            let kind = Kind::Of(Box::new(within));
            let thing = Thing { kind, ..outer };
            let written = Writer::default().write(&thing).unwrap();
            prop_assert_eq!(written, serde_json::to_value(&thing).unwrap().to_string());
        }
    }

    #[test]
    fn what_has_no_name_is_refused() {
        let mut writer = Writer::default();
        let error = writer.write(&BTreeMap::from([(1, 2)])).unwrap_err();
        assert_eq!(error.to_string(), "1: a name that is no text");
        let thing = writer
            .write(&Inner {
                zone: 0.5,
                address: None,
            })
            .unwrap();
        assert_eq!(thing, r#"{"address":null,"zone":0.5}"#);
    }
}
