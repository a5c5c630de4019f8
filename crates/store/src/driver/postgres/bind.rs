//! Parameters and columns between our values and PostgreSQL's types.

use std::{error::Error, fmt};

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::sql::{Param, nul};

/// A parameter on its way out.
pub(super) struct Bind<'p>(pub &'p Param);

/// Says nothing: the client library would log it.
impl fmt::Debug for Bind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Bind<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let misfit = |what: &str| format!("the statement wants {ty} where {what} is given");
        match self.0 {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(value) => match *ty {
                Type::INT8 => value.to_sql(ty, out),
                Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
                Type::INT2 => i16::try_from(*value)?.to_sql(ty, out),
                _ => Err(misfit("an integer").into()),
            },
            Param::Float(value) => match *ty {
                Type::FLOAT8 => value.to_sql(ty, out),
                _ => Err(misfit("a float").into()),
            },
            Param::Text(value) if <&str as ToSql>::accepts(ty) => nul::escape(value).as_ref().to_sql(ty, out),
            Param::Text(_) => Err(misfit("a text").into()),
            Param::Bytes(value) if *ty == Type::BYTEA => value.as_slice().to_sql(ty, out),
            Param::Bytes(_) => Err(misfit("a blob").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column on its way in.
pub(super) struct Column(pub Param);

impl<'a> FromSql<'a> for Column {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT8 => Param::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Param::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Param::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Param::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Param::Float(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Param::Float(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Param::Bytes(raw.to_vec()),
            Type::VOID => Param::Null,
            Type::NUMERIC => {
                return Err("the statement returns a numeric (the sum of integers?): cast it to BIGINT".into());
            }
            _ => Param::Text(nul::unescape(<&str>::from_sql(ty, raw)?)),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Param::Null))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::FLOAT8
                | Type::FLOAT4
                | Type::BYTEA
                | Type::NUMERIC
                | Type::VOID
        ) || <&str as FromSql>::accepts(ty)
    }
}
