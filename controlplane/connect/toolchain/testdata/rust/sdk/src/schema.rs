use std::borrow::Cow;

type Name = Cow<'static, str>;

#[derive(Default)]
pub struct Schema {
    pub tables: Vec<Table>,
}

pub struct Table {
    pub name: Name,
    pub view_name_override: Option<Name>,
    pub columns: Vec<Column>,
    pub options: TableOptions,
}

#[derive(Default)]
pub struct TableOptions {
    pub local_only: bool,
    pub insert_only: bool,
    pub track_metadata: bool,
    pub track_previous_values: Option<TrackPreviousValues>,
    pub ignore_empty_updates: bool,
}

impl Table {
    pub fn create(name: impl Into<Name>, columns: Vec<Column>, build: impl FnOnce(&mut Table)) -> Self {
        let mut table = Self { name: name.into(), view_name_override: None, columns, options: TableOptions::default() };
        build(&mut table);
        table
    }
}

pub struct Column {
    pub name: Name,
    pub column_type: ColumnType,
}

pub enum ColumnType {
    Integer,
    Text,
    Real,
}

impl Column {
    pub fn text(name: impl Into<Name>) -> Self {
        Self { name: name.into(), column_type: ColumnType::Text }
    }

    pub fn integer(name: impl Into<Name>) -> Self {
        Self { name: name.into(), column_type: ColumnType::Integer }
    }

    pub fn real(name: impl Into<Name>) -> Self {
        Self { name: name.into(), column_type: ColumnType::Real }
    }
}

pub struct TrackPreviousValues {
    pub column_filter: Option<Vec<Name>>,
    pub only_when_changed: bool,
}

impl TrackPreviousValues {
    pub fn all() -> Self {
        Self { column_filter: None, only_when_changed: false }
    }
}
