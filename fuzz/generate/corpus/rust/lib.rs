#![no_std]

mod programs;

macro_rules! exports {
    ($($name:ident($($param:ident: $ty:ty),*) -> $result:ty;)*) => {
        $(
            #[no_mangle]
            pub extern "C" fn $name($($param: $ty),*) -> $result {
                programs::$name($($param),*)
            }
        )*
    };
}

exports! {
    sort(seed: u64, size: u32) -> u64;
    sha256(seed: u64, blocks: u32) -> u64;
    mandelbrot(x: f64, y: f64, scale: f64) -> u64;
    factorial(number: u32, divisor: u64) -> u64;
    distance(seed: u64, first: u32, second: u32) -> u32;
    map(seed: u64, operations: u32) -> u64;
    machine(seed: u64, steps: u32) -> u64;
    compress(seed: u64, length: u32) -> u64;
    integral(from: f32, to: f32, steps: u32) -> f32;
    decimal(number: i64, cut: u32) -> i64;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
