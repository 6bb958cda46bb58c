//! A few argument lists at the edges of their types, for a function that a person wants tried.

use wassay_model::{HeapType, Nullability, Ref, ValType, Value};

/// Argument lists for a function with these parameters: all zero, all one, all minus one, all least, all
/// greatest. None where a parameter's type has no value that a plan can write.
#[must_use]
pub fn boundary_arguments(params: &[ValType]) -> Vec<Vec<Value>> {
    (0..5).map_while(|row| params.iter().map(|param| edge(*param, row)).collect()).collect()
}

fn edge(ty: ValType, row: usize) -> Option<Value> {
    Some(match ty {
        ValType::I32 => Value::I32([0, 1, u32::MAX, 1 << 31, u32::MAX >> 1][row]),
        ValType::I64 => Value::I64([0, 1, u64::MAX, 1 << 63, u64::MAX >> 1][row]),
        ValType::F32 => Value::F32([0.0, 1.0, -1.0, f32::NEG_INFINITY, f32::MAX][row].to_bits()),
        ValType::F64 => Value::F64([0.0, 1.0, -1.0, f64::NEG_INFINITY, f64::MAX][row].to_bits()),
        ValType::V128 => {
            let ones = 0x0101_0101_0101_0101_0101_0101_0101_0101;
            Value::V128([0, ones, u128::MAX, ones << 7, u128::MAX ^ (ones << 7)][row])
        }
        ValType::Ref(reference) => match (reference.heap, reference.nullability) {
            (HeapType::Extern, _) if row > 0 => Value::Ref(Ref::Extern(row as u32)),
            (_, Nullability::Nullable) => Value::Ref(Ref::Null),
            (HeapType::Extern, Nullability::NonNull) => Value::Ref(Ref::Extern(0)),
            (_, Nullability::NonNull) => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_fits_its_parameters() {
        let params = [ValType::I32, ValType::F64, ValType::V128];
        let lists = boundary_arguments(&params);
        assert_eq!(lists.len(), 5);
        assert!(lists.iter().all(|list| matches!(**list, [Value::I32(_), Value::F64(_), Value::V128(_)])));
    }

    #[test]
    fn a_function_without_parameters_has_empty_lists() {
        assert_eq!(boundary_arguments(&[])[0], []);
    }
}
