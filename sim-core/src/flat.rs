//! Values as flat bytes: what one rank tells another when a run is shared by several processes.
//!
//! All ranks run the same program, so there are no names, versions or lengths to negotiate: integers are little-endian, a
//! struct is its fields, an enum is a byte and the variant's fields, a list is its length and its items. Each room says
//! beside its own types, in one line, how they are written. This room knows no type but those of the language.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// A value that can be written as bytes and read back.
pub(crate) trait Flat: Sized {
    /// Appends the value.
    fn put(&self, to: &mut Vec<u8>);

    /// Takes a value off the front; `None` when the bytes are not one.
    fn take(from: &mut &[u8]) -> Option<Self>;
}

/// Takes so many bytes off the front.
pub(crate) fn take_bytes<'a>(from: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    from.split_off(..len)
}

/// Says how a struct or enum is written: which fields, or which byte stands for which variant.
macro_rules! flat {
    (struct $type:ident ( $($field:tt),+ )) => {
        impl $crate::flat::Flat for $type {
            fn put(&self, to: &mut Vec<u8>) {
                $($crate::flat::Flat::put(&self.$field, to);)+
            }

            fn take(from: &mut &[u8]) -> Option<$type> {
                Some($type { $($field: $crate::flat::Flat::take(from)?),+ })
            }
        }
    };
    (enum $type:ident {
        $($tag:literal => $variant:ident $(( $($inner:ident),+ ))? $({ $($field:ident),+ })? ),+ $(,)?
    }) => {
        impl $crate::flat::Flat for $type {
            fn put(&self, to: &mut Vec<u8>) {
                match self {
                    $($type::$variant $(( $($inner),+ ))? $({ $($field),+ })? => {
                        to.push($tag);
                        $($($crate::flat::Flat::put($inner, to);)+)?
                        $($($crate::flat::Flat::put($field, to);)+)?
                    })+
                }
            }

            fn take(from: &mut &[u8]) -> Option<$type> {
                match <u8 as $crate::flat::Flat>::take(from)? {
                    $($tag => {
                        $($(let $inner = $crate::flat::Flat::take(from)?;)+)?
                        $($(let $field = $crate::flat::Flat::take(from)?;)+)?
                        Some($type::$variant $(( $($inner),+ ))? $({ $($field),+ })?)
                    })+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use flat;

macro_rules! flat_integers {
    ($($type:ident)+) => {
        $(impl Flat for $type {
            fn put(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut &[u8]) -> Option<$type> {
                take_bytes(from, size_of::<$type>())?.try_into().ok().map($type::from_le_bytes)
            }
        })+
    };
}

flat_integers!(u8 u16 u32 u64 i32);

impl Flat for bool {
    fn put(&self, to: &mut Vec<u8>) {
        u8::from(*self).put(to);
    }

    fn take(from: &mut &[u8]) -> Option<bool> {
        u8::take(from).map(|byte| byte != 0)
    }
}

impl<const N: usize> Flat for [u8; N] {
    fn put(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self);
    }

    fn take(from: &mut &[u8]) -> Option<[u8; N]> {
        take_bytes(from, N)?.try_into().ok()
    }
}

impl<T: Flat> Flat for Option<T> {
    fn put(&self, to: &mut Vec<u8>) {
        self.is_some().put(to);
        self.iter().for_each(|value| value.put(to));
    }

    fn take(from: &mut &[u8]) -> Option<Option<T>> {
        Some(if bool::take(from)? { Some(T::take(from)?) } else { None })
    }
}

impl<T: Flat> Flat for Vec<T> {
    fn put(&self, to: &mut Vec<u8>) {
        (self.len() as u64).put(to);
        self.iter().for_each(|item| item.put(to));
    }

    fn take(from: &mut &[u8]) -> Option<Vec<T>> {
        (0..u64::take(from)?).map(|_| T::take(from)).collect()
    }
}

impl<A: Flat, B: Flat> Flat for (A, B) {
    fn put(&self, to: &mut Vec<u8>) {
        self.0.put(to);
        self.1.put(to);
    }

    fn take(from: &mut &[u8]) -> Option<(A, B)> {
        Some((A::take(from)?, B::take(from)?))
    }
}

impl Flat for String {
    fn put(&self, to: &mut Vec<u8>) {
        (self.len() as u64).put(to);
        to.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut &[u8]) -> Option<String> {
        Vec::take(from).and_then(|bytes| String::from_utf8(bytes).ok())
    }
}

impl Flat for IpAddr {
    fn put(&self, to: &mut Vec<u8>) {
        self.is_ipv4().put(to);
        match self {
            IpAddr::V4(address) => address.octets().put(to),
            IpAddr::V6(address) => address.octets().put(to),
        }
    }

    fn take(from: &mut &[u8]) -> Option<IpAddr> {
        Some(if bool::take(from)? {
            Ipv4Addr::from(<[u8; 4]>::take(from)?).into()
        } else {
            Ipv6Addr::from(<[u8; 16]>::take(from)?).into()
        })
    }
}

impl Flat for IpNet {
    fn put(&self, to: &mut Vec<u8>) {
        self.addr().put(to);
        self.prefix_len().put(to);
    }

    fn take(from: &mut &[u8]) -> Option<IpNet> {
        let address = IpAddr::take(from)?;
        IpNet::new(address, u8::take(from)?).ok()
    }
}
