//! The orders in which a JVM adds the products of two dense vectors.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// In which order Spark adds the products of two dense vectors. It hangs on
/// Spark, JDK and processor, and a sum's last bits on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DotOrder {
    /// One after the other: Spark 2.4 and 3.0 (`F2jBLAS`).
    F2j,
    /// Four sums: Spark 3.1 and later on JDK 8 (`Java8BLAS`).
    Java8,
    /// Four sums of fused products: Spark 3.1 to 3.5 on JDK 11 and 17
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

impl DotOrder {
    const ALL: [Self; 5] = [
        Self::F2j,
        Self::Java8,
        Self::Java11fma,
        Self::Vector4,
        Self::Vector8,
    ];
}

/// Not the name of a [`DotOrder`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of f2j, java8, java11fma, vector4, vector8")]
pub struct UnknownDotOrder(String);

impl fmt::Display for DotOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F2j => "f2j",
            Self::Java8 => "java8",
            Self::Java11fma => "java11fma",
            Self::Vector4 => "vector4",
            Self::Vector8 => "vector8",
        })
    }
}

impl FromStr for DotOrder {
    type Err = UnknownDotOrder;

    fn from_str(name: &str) -> Result<Self, UnknownDotOrder> {
        let named = |order: &Self| order.to_string() == name;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| UnknownDotOrder(name.to_owned()))
    }
}
