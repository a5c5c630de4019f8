//! What may be known about a JSON value without running anything: its kinds, the members of an object, the items of an array.

use std::{collections::BTreeMap, sync::Arc};

use zis_bundle::{
    json::{Kind, Node},
    path::{Path, Segment},
};

/// Objects with more known members than this forget that they are complete: it bounds the work on hostile bundles.
const MAX_MEMBERS: usize = 64;

/// A set of kinds, and what is known about its objects and arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    kinds: u8,
    /// `None`: nothing is known about the members.
    fields: Option<Arc<Fields>>,
    /// `None`: nothing is known about the items.
    items: Option<Arc<Shape>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    pub members: BTreeMap<Arc<str>, Field>,
    /// There may be members that are not listed.
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub shape: Shape,
    /// It is there in every case.
    pub certain: bool,
}

/// What a path finds in a shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It may be there, and is then of this shape.
    Maybe(Shape),
    /// It is there.
    Certainly(Shape),
    /// It cannot be there: segment number `at` leads nowhere.
    Never { at: usize, names: Vec<Arc<str>> },
}

pub const NULL: u8 = 1;
pub const BOOLEAN: u8 = 2;
pub const NUMBER: u8 = 4;
pub const STRING: u8 = 8;
pub const ARRAY: u8 = 16;
pub const OBJECT: u8 = 32;
const EVERYTHING: u8 = 63;

impl Shape {
    pub fn any() -> Self {
        Self::of(EVERYTHING)
    }

    /// Any value of these kinds.
    pub fn of(kinds: u8) -> Self {
        Self { kinds, fields: None, items: None }
    }

    /// An object with exactly these members.
    pub fn object<'k>(members: impl IntoIterator<Item = (&'k str, Shape)>) -> Self {
        Self::with_fields(members, false)
    }

    /// An object with these members and perhaps others.
    pub fn open_object<'k>(members: impl IntoIterator<Item = (&'k str, Shape)>) -> Self {
        Self::with_fields(members, true)
    }

    fn with_fields<'k>(members: impl IntoIterator<Item = (&'k str, Shape)>, open: bool) -> Self {
        let members = members.into_iter().map(|(key, shape)| (key.into(), Field { shape, certain: true })).collect();
        Self { kinds: OBJECT, fields: Some(Arc::new(Fields { members, open })), items: None }
    }

    pub fn array_of(item: Shape) -> Self {
        Self { kinds: ARRAY, fields: None, items: Some(Arc::new(item)) }
    }

    /// The same, or null.
    pub fn or_null(mut self) -> Self {
        self.kinds |= NULL;
        self
    }

    /// Exactly what a JSON value shows.
    pub fn of_json(node: &Node) -> Self {
        match &node.kind {
            Kind::Null => Self::of(NULL),
            Kind::Bool(_) => Self::of(BOOLEAN),
            Kind::Number(_) => Self::of(NUMBER),
            Kind::String(_) => Self::of(STRING),
            Kind::Array(items) => {
                let item = items.iter().map(Self::of_json).reduce(|one, other| one.join(&other));
                Self::array_of(item.unwrap_or_else(Self::any))
            }
            Kind::Object(members) => {
                Self::object(members.iter().map(|member| (&*member.key, Self::of_json(&member.value))))
            }
        }
    }

    pub fn is_any(&self) -> bool {
        *self == Self::any()
    }

    /// Whether it can only be of these kinds.
    pub fn is_only(&self, kinds: u8) -> bool {
        self.kinds & !kinds == 0
    }

    pub fn may_be(&self, kinds: u8) -> bool {
        self.kinds & kinds != 0
    }

    /// The shape of the items, if it is an array.
    pub fn items(&self) -> Shape {
        self.items.as_deref().cloned().unwrap_or_else(Shape::any)
    }

    /// What is known about the members.
    pub fn fields(&self) -> Option<&Fields> {
        self.fields.as_deref()
    }

    /// `a string`, `null or a number`: for messages.
    pub fn describe(&self) -> String {
        let names = [
            (NULL, "null"),
            (BOOLEAN, "a boolean"),
            (NUMBER, "a number"),
            (STRING, "a string"),
            (ARRAY, "an array"),
            (OBJECT, "an object"),
        ];
        let names: Vec<_> = names.iter().filter(|(kind, _)| self.may_be(*kind)).map(|(_, name)| *name).collect();
        names.join(" or ")
    }

    /// What both shapes allow together.
    pub fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        Self {
            kinds: self.kinds | other.kinds,
            fields: join_known(self, other, OBJECT, |shape| &shape.fields, Fields::join),
            items: join_known(self, other, ARRAY, |shape| &shape.items, Shape::join),
        }
    }

    pub fn lookup(&self, path: &Path) -> Found {
        let mut shape = self.clone();
        let mut certain = true;
        for (at, segment) in path.segments.iter().enumerate() {
            let (inner, inner_certain) = match segment {
                Segment::Key(key) => match shape.member(key) {
                    Ok(found) => found,
                    Err(names) => return Found::Never { at, names },
                },
                Segment::Index(_) if shape.may_be(ARRAY) => (shape.items(), false),
                Segment::Index(_) => return Found::Never { at, names: Vec::new() },
            };
            certain &= inner_certain;
            shape = inner;
        }
        if certain { Found::Certainly(shape) } else { Found::Maybe(shape) }
    }

    fn member(&self, key: &str) -> Result<(Shape, bool), Vec<Arc<str>>> {
        if !self.may_be(OBJECT) {
            return Err(Vec::new());
        }
        let Some(fields) = &self.fields else { return Ok((Shape::any(), false)) };
        match fields.members.get(key) {
            Some(field) => Ok((field.shape.clone(), field.certain && self.is_only(OBJECT))),
            None if fields.open => Ok((Shape::any(), false)),
            None => Err(fields.members.keys().cloned().collect()),
        }
    }

    /// The document after `value` was written at `path`.
    #[must_use]
    pub fn with(&self, path: &[Segment], value: Shape) -> Self {
        let Some((first, rest)) = path.split_first() else { return value };
        let Segment::Key(key) = first else { return Shape::any() };
        let mut fields = match (&self.fields, self.may_be(OBJECT)) {
            (Some(fields), true) => Fields::clone(fields),
            (None, true) => Fields { members: BTreeMap::new(), open: true },
            (_, false) => Fields::default(),
        };
        let inner = fields
            .members
            .get(&**key)
            .map_or_else(|| if fields.open { Shape::any() } else { Shape::object([]) }, |field| field.shape.clone());
        if fields.members.len() >= MAX_MEMBERS && !fields.members.contains_key(&**key) {
            fields.open = true;
        } else {
            fields.members.insert((&**key).into(), Field { shape: inner.with(rest, value), certain: true });
        }
        Self { kinds: OBJECT, fields: Some(Arc::new(fields)), items: None }
    }

    /// How many levels of known members it has, up to `limit`.
    pub fn depth(&self, limit: usize) -> usize {
        if limit == 0 {
            return 0;
        }
        let fields = self.fields.iter().flat_map(|fields| fields.members.values().map(|field| &field.shape));
        fields.chain(self.items.as_deref()).map(|shape| 1 + shape.depth(limit - 1)).max().unwrap_or(0)
    }

    /// Every known path of keys, shallow ones first, at most `limit`.
    pub fn known_paths(&self, limit: usize) -> Vec<Path> {
        let mut paths = Vec::new();
        let mut level = vec![(Path::root(), self.clone())];
        while !level.is_empty() && paths.len() < limit {
            let mut next = Vec::new();
            for (path, shape) in level {
                for (key, field) in shape.fields().into_iter().flat_map(|fields| &fields.members) {
                    let mut segments = path.segments.clone();
                    segments.push(Segment::Key((&**key).into()));
                    next.push((Path { segments }, field.shape.clone()));
                }
            }
            paths.extend(next.iter().take(limit - paths.len()).map(|(path, _)| path.clone()));
            level = next;
        }
        paths
    }
}

/// Joins a detail of two shapes: known only when each shape that can be of the kind knows it.
fn join_known<T: Clone + PartialEq>(
    one: &Shape,
    other: &Shape,
    kind: u8,
    detail: impl Fn(&Shape) -> &Option<Arc<T>>,
    join: impl Fn(&T, &T) -> T,
) -> Option<Arc<T>> {
    match (one.may_be(kind), other.may_be(kind)) {
        (true, true) => {
            let (one, other) = (detail(one).as_ref()?, detail(other).as_ref()?);
            if Arc::ptr_eq(one, other) { Some(one.clone()) } else { Some(Arc::new(join(one, other))) }
        }
        (true, false) => detail(one).clone(),
        (false, true) => detail(other).clone(),
        (false, false) => None,
    }
}

impl Fields {
    fn join(&self, other: &Self) -> Self {
        let mut members = BTreeMap::new();
        for (key, field) in &self.members {
            let joined = match other.members.get(key) {
                Some(twin) => Field { shape: field.shape.join(&twin.shape), certain: field.certain && twin.certain },
                None if other.open => Field { shape: Shape::any(), certain: false },
                None => Field { shape: field.shape.clone(), certain: false },
            };
            members.insert(key.clone(), joined);
        }
        for (key, field) in &other.members {
            if !self.members.contains_key(key) {
                let shape = if self.open { Shape::any() } else { field.shape.clone() };
                members.insert(key.clone(), Field { shape, certain: false });
            }
        }
        let mut open = self.open || other.open;
        while members.len() > MAX_MEMBERS {
            members.pop_last();
            open = true;
        }
        Self { members, open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).expect("a path")
    }

    fn document() -> Shape {
        Shape::object([
            ("id", Shape::of(NUMBER)),
            ("input", Shape::object([("tags", Shape::array_of(Shape::of(STRING)))])),
            ("any", Shape::any()),
        ])
    }

    #[test]
    fn lookups() {
        let shape = document();
        for (text, expected) in [
            ("$.id", "certainly a number"),
            ("$.input.tags", "certainly an array"),
            ("$.input.tags[0]", "maybe a string"),
            ("$.input.tag", "never at 1"),
            ("$.id.x", "never at 1"),
            ("$.other", "never at 0"),
            ("$.any.x.y[1]", "maybe null or a boolean or a number or a string or an array or an object"),
        ] {
            let found = match shape.lookup(&path(text)) {
                Found::Certainly(shape) => format!("certainly {}", shape.describe()),
                Found::Maybe(shape) => format!("maybe {}", shape.describe()),
                Found::Never { at, .. } => format!("never at {at}"),
            };
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn writes_make_missing_objects() {
        let shape = document().with(&path("$.a.b").segments, Shape::of(STRING));
        assert!(matches!(shape.lookup(&path("$.a.b")), Found::Certainly(_)));
        assert!(matches!(shape.lookup(&path("$.id")), Found::Certainly(_)));
        assert_eq!(Shape::any().with(&[], Shape::of(NULL)), Shape::of(NULL));
    }

    #[test]
    fn joins_keep_what_both_know() {
        let one = Shape::object([("a", Shape::of(NUMBER)), ("b", Shape::of(STRING))]);
        let other = Shape::object([("a", Shape::of(STRING))]);
        let joined = one.join(&other);
        assert!(matches!(joined.lookup(&path("$.a")), Found::Certainly(shape) if shape.is_only(NUMBER | STRING)));
        assert!(matches!(joined.lookup(&path("$.b")), Found::Maybe(_)));
        assert!(matches!(joined.lookup(&path("$.c")), Found::Never { .. }));
        assert!(matches!(joined.join(&Shape::any()).lookup(&path("$.c")), Found::Maybe(_)));
    }
}
