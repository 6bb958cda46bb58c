//! Lines of the protocol, written and read.

use wassay_adapter::limits::{ELEMENTS_MAX, MEMORY_BYTES_MAX};
use wassay_driver::{
    Answer, Builtin, Builtins, End, Glimpse, Hello, HostCall, ImportEntry, Kept, Line, Number, Op, Probes, Referent,
    Request, Worker, probes,
};
use wassay_model::{
    Bound, Feature, Features, FuncType, Identity, Limits, Ref, RefType, Resource, TrapKind, TrapKinds, ValType, Value,
};

const HELLO: &str = r#"{"wassay":1,"version":"12.4","bound":"kill","drivers":true,"keeps":true,
    "builtins":["func_id","host_value","of_tomorrow"],"features":["simd","gc"],"blind_spots":{"x":"why"},"new":[1]}"#;

#[test]
fn a_hello_is_read_and_what_is_not_known_is_passed_over() {
    let hello = Hello::parse(HELLO.as_bytes()).unwrap();
    assert_eq!((hello.version.as_str(), hello.bound), ("12.4", Bound::Kill));
    assert_eq!(hello.features, Some(Features::of(&[Feature::Simd, Feature::Gc])));
    assert_eq!(hello.blind_spots["x"], "why");
    let builtins = Builtins::of(&[Builtin::FuncId, Builtin::HostValue]);
    assert_eq!(
        hello.worker(),
        Worker {
            drivers: true,
            keeps: true,
            builtins,
            seats: false,
            callers: false,
            looks: false,
            features: Features::V1
        }
    );
    let least = r#"{"wassay":1,"version":"1","bound":"fuel","drivers":false,"keeps":false}"#;
    let least = Hello::parse(least.as_bytes()).unwrap();
    assert_eq!((least.features, least.worker().builtins), (None, Builtins::of(&[])));
}

#[test]
fn what_is_no_hello_is_refused_with_the_reason() {
    for (line, why) in [
        ("Segmentation fault", "the worker wrote `Segmentation fault`: no hello"),
        (r#"{"wassay":2}"#, "version 2"),
        (r#"{"wassay":1}"#, "missing field `version`"),
        (r#"{"version":"1"}"#, "missing field `wassay`"),
        (&HELLO.replace("\"gc\"", "\"cg\""), "`cg` is none of the features: mutable-global"),
        (&HELLO.replace("kill", "clock"), "clock"),
    ] {
        let error = Hello::parse(line.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn every_kind_of_line_is_read() {
    let answer = |answer: Answer| Line::Answer(answer);
    let cases = [
        (r#"{"done":7}"#, Line::Done(7)),
        (r#"{"op":0,"ns":81000}"#, answer(Answer { ns: Some(81_000), ..Answer::default() })),
        (
            "{\"op\":2,\"out\":\"2a0000fF\"}\n",
            answer(Answer { op: 2, out: Some(vec![0x2a, 0, 0, 0xff]), ..Answer::default() }),
        ),
        (r#"{"op":1,"end":"threw"}"#, answer(Answer { op: 1, end: Some(End::Threw), ..Answer::default() })),
        (
            r#"{"op":1,"end":"trap","kinds":["unreachable","host"],"words":"a \"b\" \u00e9","more":0}"#,
            answer(Answer {
                op: 1,
                end: Some(End::Trap(TrapKinds::of(&[TrapKind::Unreachable, TrapKind::Host]))),
                words: Some("a \"b\" é".to_owned()),
                ..Answer::default()
            }),
        ),
        (
            r#"{"op":1,"end":"exhausted","resource":"memory"}"#,
            answer(Answer { op: 1, end: Some(End::Exhausted(Resource::Memory)), ..Answer::default() }),
        ),
        (
            r#"{"op":3,"values":["i64:7","ref:func:#2"],"bytes":64,"blocks":[[5,"0102"]],"elements":2,
                "refs":["ref:null","ref:func"]}"#,
            answer(Answer {
                op: 3,
                values: Some(vec![Value::I64(7), Value::Ref(Ref::Func(Identity::Known(2)))]),
                bytes: Some(64),
                blocks: Some(vec![(5, vec![1, 2])]),
                elements: Some(2),
                refs: Some(vec![Ref::Null, Ref::Func(Identity::Unknown)]),
                ..Answer::default()
            }),
        ),
        (
            r#"{"host":"f","args":["i32:5"]}"#,
            Line::HostCall(HostCall { host: "f".to_owned(), args: vec![Value::I32(5)] }),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(Line::parse(line.as_bytes()), Ok(expected), "{line}");
    }
}

#[test]
fn a_line_that_is_none_is_refused_with_the_reason_and_its_beginning() {
    for (line, why) in [
        (&b"hello\x1b[0m"[..], "the worker wrote `hello\\x1b[0m`: expected value"),
        (b"", "EOF"),
        (b"{}", "exactly one of the fields"),
        (br#"{"op":1,"done":1}"#, "exactly one of the fields"),
        (br#"{"op":-1}"#, "-1"),
        (br#"{"op":1,"out":"0"}"#, "hexadecimal"),
        (br#"{"op":1,"out":"zz"}"#, "hexadecimal"),
        (br#"{"op":1,"end":"died"}"#, "`died` is none of the ends: trap, threw, exhausted"),
        (br#"{"op":1,"end":"trap","kinds":["oops"]}"#, "`oops` is none of the kinds of traps: unreachable"),
        (br#"{"op":1,"end":"exhausted"}"#, "none of the resources: stack, fuel, memory"),
        (br#"{"op":1,"values":["i32:x"]}"#, "not a number"),
        (br#"{"op":1,"refs":["i32:1"]}"#, "no reference"),
        (b"\xff\xfe", "`\\xff\\xfe`"),
    ] {
        let error = Line::parse(line).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let long = format!("[{}", "x".repeat(10_000));
    assert!(Line::parse(long.as_bytes()).unwrap_err().to_string().len() < 300);
}

#[test]
fn a_request_is_one_line_of_json_with_all_its_fields() {
    let ty = FuncType { params: vec![ValType::I32, ValType::Ref(RefType::EXTERN)], results: vec![ValType::V128] };
    let ops = [
        Op::Module { module: 0, bytes: b"\0asm"[..].into() },
        Op::Instance {
            instance: 1,
            of: 0,
            imports: vec![
                ImportEntry::Exports(vec![(0, "a \"b\"\n".into())]),
                ImportEntry::Exports(vec![(2, "f".into()), (0, "f".into())]),
                ImportEntry::Exports(vec![]),
                ImportEntry::Builtin(Builtin::AnyId),
                ImportEntry::Host { name: "h".into(), ty: ty.into() },
            ],
        },
        Op::Keep {
            keep: -100,
            edition: 1,
            bytes: b"\0asm"[..].into(),
            imports: [ImportEntry::Exports(vec![(-1, "mem".into())]), ImportEntry::Builtin(Builtin::FuncId)].into(),
        },
        Op::Call { call: 1, name: "f0".into(), input: vec![5, 0], seat: None },
        Op::Call { call: 1, name: "f1".into(), input: vec![], seat: Some((0, "g".into())) },
        Op::Look {
            look: 0,
            glimpses: vec![
                Glimpse::Memory("m".into()),
                Glimpse::Number("g".into(), Number::F32, -9),
                Glimpse::Reference("r".into(), Referent::Extern),
                Glimpse::Table("t".into(), Referent::Func),
                Glimpse::Left(4, "s0".into()),
            ],
            full: true,
        },
        Op::Invoke { invoke: 0, name: "f".into(), args: vec![Value::I32(5), Value::Ref(Ref::Null)] },
        Op::Global { global: 0, name: "g".into() },
        Op::Memory { memory: 0, name: "m".into(), bytes_max: 9 },
        Op::Table { table: 0, name: "t".into(), elements_max: 8 },
    ];
    let mut line = Vec::new();
    Request { request: 7, stream: true, batch: false, limits: Limits::default(), ops: &ops }
        .write(&mut line, &mut Kept::default());
    assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
    let written: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let expected = serde_json::json!({
        "request": 7, "stream": true, "fuel_max": 100_000_000, "frames_max": 10_000, "memory_pages_max": 1024,
        "table_elements_max": 1_000_000, "deadline_ms": 5000,
        "frame": {"instance": -1, "memory": "mem", "input": 0, "output": 65536},
        "ops": [
            {"module": 0, "bytes": "0061736d"},
            {"instance": 1, "of": 0, "imports": [[0, "a \"b\"\n"], [[2, "f"], [0, "f"]], [], "any_id",
                {"host": "h", "params": ["i32", "externref"], "results": ["v128"]}]},
            {"keep": -100, "bytes": "0061736d", "imports": [[-1, "mem"], "func_id"]},
            {"call": 1, "name": "f0", "in": "0500"},
            {"call": 1, "name": "f1", "seat": [0, "g"]},
            {"look": 0, "eye": -3, "full": true, "bytes_max": MEMORY_BYTES_MAX, "elements_max": ELEMENTS_MAX, "exports": [
                ["m", "memory"], ["g", "f32", -9], ["r", "externref"], ["t", "table", "funcref"], [4, "s0"]]},
            {"invoke": 0, "name": "f", "args": ["i32:5", "ref:null"]},
            {"global": 0, "name": "g"},
            {"memory": 0, "name": "m", "bytes_max": 9},
            {"table": 0, "name": "t", "elements_max": 8},
        ],
    });
    assert_eq!(written, expected);
}

#[test]
fn the_frame_of_a_worker_that_keeps_nothing_is_an_instance_of_the_request() {
    let worker = Worker {
        drivers: true,
        keeps: false,
        builtins: Builtins::default(),
        seats: false,
        callers: false,
        looks: false,
        features: Features::V1,
    };
    let probes: Probes = probes(&worker);
    let mut line = Vec::new();
    Request { request: 1, stream: false, batch: false, limits: Limits::default(), ops: probes.ops() }
        .write(&mut line, &mut Kept::default());
    let written: serde_json::Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(written["frame"]["instance"], 0);
    assert_eq!(written["ops"][0], serde_json::json!({"instance": 0, "of": -1, "imports": []}));
}

#[test]
fn calls_that_follow_each_other_are_one_operation_and_each_function_is_named_once() {
    let call = |call, name: &str, input: &[u8]| Op::Call { call, name: name.into(), input: input.to_vec(), seat: None };
    let seated = |func: &str| Op::Call { call: 2, name: "f0".into(), input: vec![], seat: Some((0, func.into())) };
    let ops = [
        call(1, "reset", &[]),
        Op::Module { module: 0, bytes: b""[..].into() },
        call(1, "f0", &[5, 0]),
        call(1, "f1", &[]),
        call(1, "f0", &[7, 0]),
        call(2, "f0", &[1, 2]),
        seated("a"),
        seated("b"),
        seated("a"),
    ];
    let mut line = Vec::new();
    Request { request: 1, stream: false, batch: true, limits: Limits::default(), ops: &ops }
        .write(&mut line, &mut Kept::default());
    let written: serde_json::Value = serde_json::from_slice(&line).unwrap();
    let expected = serde_json::json!([
        {"call": 1, "name": "reset"},
        {"module": 0, "bytes": ""},
        {"calls": [[1, "f0", 2], [1, "f1", 0], [2, "f0", 2], [2, "f0", 0, [0, "a"]], [2, "f0", 0, [0, "b"]]],
            "order": [0, 1, 0, 2, 3, 4, 3], "in": "050007000102"},
    ]);
    assert_eq!(written["ops"], expected);
}

#[test]
fn the_answer_to_several_calls_is_an_answer_to_each() {
    let line = r#"{"op":3,"lengths":[2,0,0,1],"times":[5,6,7,8],"out":"0a0bff",
        "ends":[[1,{"end":"trap","kinds":["unreachable"],"words":"why"}]]}"#;
    let out = |op, bytes: &[u8], ns| Answer { op, out: Some(bytes.to_vec()), ns: Some(ns), ..Answer::default() };
    let trap = Answer {
        op: 4,
        end: Some(End::Trap(TrapKinds::of(&[TrapKind::Unreachable]))),
        words: Some("why".to_owned()),
        ns: Some(6),
        ..Answer::default()
    };
    let expected = vec![out(3, &[10, 11], 5), trap, out(5, &[], 7), out(6, &[255], 8)];
    assert_eq!(Line::parse(line.as_bytes()), Ok(Line::Answers(expected)));
    for (line, why) in [
        (r#"{"op":0,"lengths":[2],"out":"00"}"#, "more than the bytes"),
        (r#"{"op":0,"lengths":[1],"out":"0000"}"#, "fewer than"),
        (r#"{"op":0,"lengths":[1],"times":[1,2],"out":"00"}"#, "fewer than"),
        (r#"{"op":0,"lengths":[0],"ends":[[1,{"end":"threw"}]]}"#, "not there"),
        (r#"{"op":0,"lengths":[0],"ends":[[0,{"end":"died"}]]}"#, "none of the ends"),
    ] {
        let error = Line::parse(line.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}
