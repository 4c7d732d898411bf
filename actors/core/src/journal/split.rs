//! Writes an event straight into the three pieces that the store keeps: its name, its body, and what
//! is personal. Nothing is built in between: a tree of JSON values for each event was a fifth of what an
//! append cost its caller.
//!
//! **Not here:** kinds and versions (`codec`), and any other shape than an enum with `type` and `data`.

use serde::ser::{Error as _, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::Error;

/// Key of the part that is encrypted under its subject's key.
const PERSONAL: &str = "personal";

/// The pieces of one event.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What stood under `type`.
    pub name: &'static str,
    /// What stood under `data`, but for its key `personal`: a JSON object.
    pub body: Vec<u8>,
    /// What stood under `personal`, unless that was null.
    pub personal: Option<Vec<u8>>,
}

/// Takes an event apart while it is written. The keys of the body stand in the order of declaration.
///
/// # Errors
/// When it is not an enum with `type` and `data`, or its data is no object.
pub(super) fn split<E: Serialize>(event: &E) -> Result<Pieces, Error> {
    let mut pieces = Pieces { body: Vec::with_capacity(256), ..Pieces::default() };
    event.serialize(Refusing(Whole(&mut pieces)))?;
    if pieces.body.is_empty() {
        pieces.body.extend_from_slice(b"{}");
    }
    Ok(pieces)
}

/// A serializer for one shape alone; what else is tried is an error.
struct Refusing<S>(S);

/// What a [`Refusing`] takes. What it does not override is refused.
trait Shape: Sized {
    type Struct: SerializeStruct<Ok = (), Error = Error>;
    type Map: SerializeMap<Ok = (), Error = Error>;
    fn structure(self) -> Result<Self::Struct, Error> {
        Err(other())
    }
    fn map(self) -> Result<Self::Map, Error> {
        Err(other())
    }
    fn variant(self, _name: &'static str) -> Result<(), Error> {
        Err(other())
    }
}

fn other() -> Error {
    Error::custom("an event is an enum with type and data, and its data is an object")
}

/// The event: a struct of `type` and `data`.
struct Whole<'p>(&'p mut Pieces);

impl<'p> Shape for Whole<'p> {
    type Struct = Self;
    type Map = Impossible<(), Error>;
    fn structure(self) -> Result<Self, Error> {
        Ok(self)
    }
}

impl SerializeStruct for Whole<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        match key {
            "type" => value.serialize(Refusing(Name(&mut self.0.name))),
            "data" => value.serialize(Refusing(Data(self.0))),
            _ => Err(other()),
        }
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

/// What stands under `type`: the variant's name.
struct Name<'p>(&'p mut &'static str);

impl Shape for Name<'_> {
    type Struct = Impossible<(), Error>;
    type Map = Impossible<(), Error>;
    fn variant(self, name: &'static str) -> Result<(), Error> {
        *self.0 = name;
        Ok(())
    }
}

/// What stands under `data`.
struct Data<'p>(&'p mut Pieces);

impl<'p> Shape for Data<'p> {
    type Struct = Object<'p>;
    type Map = Object<'p>;
    fn structure(self) -> Result<Object<'p>, Error> {
        self.0.body.push(b'{');
        Ok(Object { pieces: self.0, personal: false })
    }
    fn map(self) -> Result<Object<'p>, Error> {
        // A struct with flattened parts comes as a map.
        self.structure()
    }
}

/// The object under `data`, being written.
struct Object<'p> {
    pieces: &'p mut Pieces,
    /// The value that comes next stands under `personal`.
    personal: bool,
}

impl Object<'_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if self.personal {
            let written = serde_json::to_vec(value)?;
            self.pieces.personal = Some(written).filter(|written| written != b"null");
            return Ok(());
        }
        serde_json::to_writer(&mut self.pieces.body, value)
    }

    fn close(self) -> Result<(), Error> {
        self.pieces.body.push(b'}');
        Ok(())
    }
}

impl SerializeStruct for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        SerializeMap::serialize_entry(self, key, value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let body = &mut self.pieces.body;
        let before = body.len();
        if body.last() != Some(&b'{') {
            body.push(b',');
        }
        let start = body.len();
        serde_json::to_writer(&mut *body, key)?;
        let written = body.get(start..).and_then(|key| key.strip_prefix(b"\""));
        let name = written.and_then(|key| key.strip_suffix(b"\"")).ok_or_else(other)?;
        self.personal = name == PERSONAL.as_bytes();
        if self.personal {
            body.truncate(before);
        } else {
            body.push(b':');
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

macro_rules! refuse {
    ($($name:ident: $kind:ty),* $(,)?) => {
        $(fn $name(self, _value: $kind) -> Result<(), Error> {
            Err(other())
        })*
    };
}

impl<S: Shape> Serializer for Refusing<S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Impossible<(), Error>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = S::Map;
    type SerializeStruct = S::Struct;
    type SerializeStructVariant = Impossible<(), Error>;

    refuse! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_i64: i64, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_char: char,
        serialize_str: &str, serialize_bytes: &[u8], serialize_unit_struct: &'static str,
    }

    fn serialize_unit_variant(
        self,
        _enum: &'static str,
        _index: u32,
        name: &'static str,
    ) -> Result<(), Error> {
        self.0.variant(name)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<S::Map, Error> {
        self.0.map()
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<S::Struct, Error> {
        self.0.structure()
    }

    fn serialize_none(self) -> Result<(), Error> {
        Err(other())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Result<(), Error> {
        Err(other())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Err(other())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        Err(other())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _enum: &'static str,
        _index: u32,
        _name: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        Err(other())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        Err(other())
    }

    fn serialize_tuple(self, _length: usize) -> Result<Self::SerializeTuple, Error> {
        Err(other())
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleStruct, Error> {
        Err(other())
    }

    fn serialize_tuple_variant(
        self,
        _enum: &'static str,
        _index: u32,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(other())
    }

    fn serialize_struct_variant(
        self,
        _enum: &'static str,
        _index: u32,
        _name: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(other())
    }
}
