//! Every linked engine passes the kit, but for deviations that are listed with their reasons.

use std::thread;

use wassay_adapter::kit::{self, KitVerdict};
use wassay_in_process::open;
use wassay_model::EngineName;

/// A kit case that an engine does not pass, and why.
type Deviation = (&'static str, &'static str);

fn check(name: &str, deviations: &'static [Deviation]) {
    let name: EngineName = name.parse().unwrap();
    // Engines recurse on the thread that runs them.
    let thread = thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let mut engine = open(&name).unwrap();
        let results = kit::check(&mut *engine);
        let failed: Vec<&str> = results
            .iter()
            .filter(|result| matches!(result.verdict, KitVerdict::Failed(_)))
            .map(|result| result.name)
            .collect();
        let listed: Vec<&str> = deviations.iter().map(|(case, _)| *case).collect();
        assert_eq!(failed, listed, "{name}\n{}", kit::failures(&results));
    });
    thread.unwrap().join().unwrap();
}

macro_rules! kits {
    ($($test:ident $feature:literal $name:literal [$($deviation:expr),* $(,)?])*) => {
        $(
            #[cfg(feature = $feature)]
            #[test]
            fn $test() {
                check($name, &[$($deviation),*]);
            }
        )*
    };
}

kits! {
    reference_passes_the_kit "reference" "reference" []
    wasmi_passes_the_kit "wasmi" "wasmi" []
    wasmi_1_passes_the_kit "wasmi-1" "wasmi@1.1.0" []
    tinywasm_passes_the_kit "tinywasm" "tinywasm" []
    dlr_passes_the_kit "dlr" "dlr" []
    wasmtime_passes_the_kit "wasmtime" "wasmtime" []
    wasmtime_without_optimisation_passes_the_kit "wasmtime" "wasmtime+opt-none" []
    wasmtime_optimised_for_size_passes_the_kit "wasmtime" "wasmtime+opt-size" []
    winch_passes_the_kit "wasmtime" "wasmtime+winch" []
    pulley_passes_the_kit "wasmtime" "wasmtime+pulley" []
}
