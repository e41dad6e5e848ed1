//! An awk program as a tree, after the grammar of POSIX "awk", without functions of its own, `getline` and pipes.

/// Rules in order.
#[derive(Debug)]
pub(super) struct Program(pub(super) Vec<Rule>);

/// A pattern and what is done where it matches.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    /// `None` prints the record.
    pub(super) action: Option<Vec<Statement>>,
}

/// When a rule acts.
#[derive(Debug)]
pub(super) enum Pattern {
    Begin,
    End,
    Always,
    When(Expression),
    /// From a record that matches the first to one that matches the second; the number tells ranges apart.
    Range(Expression, Expression, usize),
}

/// What is done.
#[derive(Debug)]
pub(super) enum Statement {
    Print {
        values: Vec<Expression>,
        to: Option<Target>,
    },
    Printf {
        values: Vec<Expression>,
        to: Option<Target>,
    },
    Do(Expression),
    Block(Vec<Statement>),
    If {
        condition: Expression,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    /// `while`, and `for` with its step.
    While {
        condition: Option<Expression>,
        step: Option<Box<Statement>>,
        body: Box<Statement>,
    },
    ForIn {
        variable: String,
        array: String,
        body: Box<Statement>,
    },
    Delete {
        array: String,
        key: Option<Vec<Expression>>,
    },
    Next,
    Break,
    Continue,
    Exit(Option<Expression>),
}

/// Where `print` writes instead of standard output.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) file: Expression,
    pub(super) append: bool,
}

/// What has a value.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Number(f64),
    Text(String),
    /// `/…/`: as a value, whether the record matches.
    Regex(String),
    Place(Place),
    Assign(Place, Box<Expression>),
    /// `+=` and its like.
    Change(Place, Arithmetic, Box<Expression>),
    /// `++x` and `x--`: by how much, and whether the value is that of before.
    Step(Place, f64, When),
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// `~`, or `!~` when it is not to match.
    Match {
        text: Box<Expression>,
        pattern: Box<Expression>,
        negated: bool,
    },
    Concatenate(Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Choose(Box<Expression>, Box<Expression>, Box<Expression>),
    In(Vec<Expression>, String),
    Call(Builtin, Vec<Expression>),
}

/// What can be assigned to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Variable(String),
    Field(Box<Expression>),
    Element(String, Vec<Expression>),
}

/// Which value of a step counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    Before,
    After,
}

/// Two numbers to one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// An order of two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
}

/// A function that awk brings along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Builtin {
    Length,
    Substr,
    Index,
    Split,
    Sub,
    Gsub,
    Match,
    ToLower,
    ToUpper,
    Sprintf,
    Int,
}
