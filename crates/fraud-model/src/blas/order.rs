//! The orders in which a JVM adds the products of two dense vectors.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// In which order Spark adds the products of two dense vectors. It hangs on
/// Spark, JDK and processor, and a sum's last bits on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum DotOrder {
    /// One after the other: Spark before 3.2 (`F2jBLAS`).
    F2j,
    /// Four sums: Spark 3.2 to 3.5 on JDK 8 (`Java8BLAS`).
    Java8,
    /// Four sums of fused products: Spark 3.2 to 3.5 on JDK 11 and 17
    /// (`Java11BLAS`).
    #[default]
    Java11fma,
    /// As many sums as the processor's vectors have lanes, here four (AVX2):
    /// Spark 4 on JDK 17 and 21, which loads `jdk.incubator.vector`
    /// (`VectorBLAS`).
    Vector4,
    /// The same with eight lanes (AVX-512).
    Vector8,
}

/// As configurations and command lines name them.
const NAMES: [(&str, DotOrder); 5] = [
    ("f2j", DotOrder::F2j),
    ("java8", DotOrder::Java8),
    ("java11fma", DotOrder::Java11fma),
    ("vector4", DotOrder::Vector4),
    ("vector8", DotOrder::Vector8),
];

/// Not the name of a [`DotOrder`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of {names}", names = NAMES.map(|(name, _)| name).join(", "))]
pub struct UnknownDotOrder(String);

impl fmt::Display for DotOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.into_iter().find(|(_, order)| order == self);
        f.write_str(named.expect("every order has a name").0)
    }
}

impl FromStr for DotOrder {
    type Err = UnknownDotOrder;

    fn from_str(sought: &str) -> Result<Self, UnknownDotOrder> {
        let named = NAMES.into_iter().find(|(name, _)| *name == sought);
        let (_, order) = named.ok_or_else(|| UnknownDotOrder(sought.to_owned()))?;
        Ok(order)
    }
}

impl TryFrom<String> for DotOrder {
    type Error = UnknownDotOrder;

    fn try_from(name: String) -> Result<Self, UnknownDotOrder> {
        name.parse()
    }
}
