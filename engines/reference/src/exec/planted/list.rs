//! The names of all faults.

macro_rules! chapters {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// Parts of the standard, and two kinds of faults that only particular programs show.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Chapter { $($(#[$doc])* $variant,)* }

        impl Chapter {
            /// Every chapter.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

chapters! {
    /// Numeric instructions and what they compute.
    Numeric = "numeric";
    /// Vector instructions.
    Vector = "vector";
    /// Memory instructions, atomic ones too.
    Memory = "memory";
    /// Table instructions.
    Table = "table";
    /// Variables and parametric instructions.
    Variable = "variable";
    /// Control instructions and calls.
    Control = "control";
    /// Instructions on references of all kinds.
    Reference = "reference";
    /// Structures, arrays, casts.
    Gc = "gc";
    /// Tags, throws and handlers.
    Exceptions = "exceptions";
    /// Linking and instantiation.
    Instantiation = "instantiation";
    /// State that instances share, or do not.
    State = "state";
    /// What is valid.
    Validation = "validation";
    /// What is well-formed.
    Decoding = "decoding";
    /// Shows only beyond a size.
    Size = "size";
    /// Shows only with operands of a particular shape.
    Shape = "shape";
}

macro_rules! faults {
    (@model) => { None };
    (@model $model:literal) => { Some($model) };
    (@held) => { false };
    (@held held) => { true };
    ($(
        $(#[$doc:meta])* $variant:ident = $name:literal $chapter:ident $section:literal
        $(from $model:literal $($held:ident)?)?;
    )*) => {
        /// What is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $variant,)* }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in records and on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The part of the standard that it breaks.
            #[must_use]
            pub const fn chapter(self) -> Chapter {
                match self { $(Self::$variant => Chapter::$chapter,)* }
            }

            /// The section of the standard that it breaks.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self { $(Self::$variant => $section,)* }
            }

            /// The bug of an engine on which it is modelled, by project and number; `None` if nobody had it before.
            #[must_use]
            pub const fn model(self) -> Option<&'static str> {
                match self { $(Self::$variant => faults!(@model $($model)?),)* }
            }

            /// Whether it was chosen and planted after the generators were last changed, so that they could not be
            /// fitted to it.
            #[must_use]
            pub const fn is_held_out(self) -> bool {
                match self { $(Self::$variant => faults!(@held $($($held)?)?),)* }
            }
        }
    };
}

faults! {
    /// `i32.shl` by 32 or more gives 0.
    I32ShlUnmasked = "i32-shl-unmasked" Numeric "4.3 Integer Operations";
    /// `i64.shr_u` takes the distance modulo 32.
    I64ShrUNarrowMask = "i64-shr-u-narrow-mask" Numeric "4.3 Integer Operations";
    /// `i64.rotr` rotates to the left.
    I64RotrLeft = "i64-rotr-left" Numeric "4.3 Integer Operations";
    /// `i32.div_s` of the least value by -1 gives the least value.
    I32DivSOverflow = "i32-div-s-overflow" Numeric "4.3 Integer Operations";
    /// `i32.div_u` by zero gives 0.
    I32DivUByZero = "i32-div-u-by-zero" Numeric "4.3 Integer Operations";
    /// `i64.div_u` divides as if signed.
    I64DivUSigned = "i64-div-u-signed" Numeric "4.3 Integer Operations";
    /// `i32.rem_s` has the sign of the divisor.
    I32RemSSign = "i32-rem-s-sign" Numeric "4.3 Integer Operations";
    /// `i32.clz` of 0 is 31.
    I32ClzOfZero = "i32-clz-of-zero" Numeric "4.3 Integer Operations";
    /// `i64.popcnt` overlooks the highest bit.
    I64PopcntHighBit = "i64-popcnt-high-bit" Numeric "4.3 Integer Operations";
    /// `i64.lt_u` compares as if signed.
    I64LtUSigned = "i64-lt-u-signed" Numeric "4.3 Integer Operations";
    /// `i32.ge_s` compares as if unsigned.
    I32GeSUnsigned = "i32-ge-s-unsigned" Numeric "4.3 Integer Operations";
    /// `i32.extend8_s` fills with zeros.
    I32Extend8SZero = "i32-extend8-s-zero" Numeric "4.3 Integer Operations";
    /// `f32.nearest` rounds halves away from zero.
    F32NearestHalfAway = "f32-nearest-half-away" Numeric "4.3 Floating-Point Operations";
    /// `f64.min` of two zeros is the first.
    F64MinZeros = "f64-min-zeros" Numeric "4.3 Floating-Point Operations";
    /// `f32.max` of a NaN and a number is the number.
    F32MaxNan = "f32-max-nan" Numeric "4.3 Floating-Point Operations";
    /// `f64.copysign` exchanges its operands.
    F64CopysignSwapped = "f64-copysign-swapped" Numeric "4.3 Floating-Point Operations";
    /// `f32.add` leaves a NaN with a payload that is neither canonical nor quiet.
    F32AddSignallingNan = "f32-add-signalling-nan" Numeric "4.3 Floating-Point Operations";
    /// `f64.sqrt` of -0 is 0.
    F64SqrtZero = "f64-sqrt-zero" Numeric "4.3 Floating-Point Operations";
    /// `f32.neg` makes a NaN canonical.
    F32NegNan = "f32-neg-nan" Numeric "4.3 Floating-Point Operations";
    /// `f64.le` holds for unordered operands.
    F64LeUnordered = "f64-le-unordered" Numeric "4.3 Floating-Point Operations";
    /// `i32.trunc_f64_s` traps for the least integer.
    I32TruncF64SBound = "i32-trunc-f64-s-bound" Numeric "4.3 Conversions";
    /// `i64.trunc_f32_s` of a NaN gives 0.
    I64TruncF32SNan = "i64-trunc-f32-s-nan" Numeric "4.3 Conversions";
    /// `i32.trunc_sat_f32_u` of a negative number gives the greatest value.
    I32TruncSatF32UNegative = "i32-trunc-sat-f32-u-negative" Numeric "4.3 Conversions";
    /// `i64.extend_i32_s` fills with zeros.
    I64ExtendI32SZero = "i64-extend-i32-s-zero" Numeric "4.3 Conversions";
    /// `f32.convert_i64_u` rounds twice, by way of an f64.
    F32ConvertI64UTwice = "f32-convert-i64-u-twice" Numeric "4.3 Conversions";
    /// `f32.demote_f64` rounds towards zero.
    F32DemoteTowardsZero = "f32-demote-towards-zero" Numeric "4.3 Conversions";
    /// `i8x16.shr_s` fills with zeros.
    I8x16ShrSUnsigned = "i8x16-shr-s-unsigned" Vector "4.3 Vector Operations";
    /// `i16x8.add_sat_s` wraps around.
    I16x8AddSatSWraps = "i16x8-add-sat-s-wraps" Vector "4.3 Vector Operations";
    /// `i32x4.extend_high_i16x8_u` fills with the sign.
    I32x4ExtendHighSigned = "i32x4-extend-high-signed" Vector "4.3 Vector Operations";
    /// `i64x2.extmul_high_i32x4_s` multiplies the low halves.
    I64x2ExtmulHighLow = "i64x2-extmul-high-low" Vector "4.3 Vector Operations";
    /// `f32x4.pmin` is `f32x4.min`: NaNs and zeros come out otherwise.
    F32x4PminMin = "f32x4-pmin-min" Vector "4.3 Vector Operations";
    /// `i8x16.shuffle` takes the second vector's lanes from the first.
    ShuffleOneVector = "shuffle-one-vector" Vector "4.6 Vector Instructions";
    /// `v128.load32_zero` repeats the number.
    Load32ZeroSplat = "load32-zero-splat" Memory "4.6 Memory Instructions";
    /// `v128.store16_lane` stores the lane beside.
    Store16LaneBeside = "store16-lane-beside" Memory "4.6 Memory Instructions";
    /// 32-bit loads from a memory that is not the first are from the first.
    Load32FirstMemory = "load32-first-memory" Memory "4.6 Memory Instructions";
    /// `struct.get_s` fills with zeros.
    StructGetSZero = "struct-get-s-zero" Gc "4.6 Aggregate Instructions";
    /// `array.get_s` fills with zeros.
    ArrayGetSZero = "array-get-s-zero" Gc "4.6 Aggregate Instructions";
    /// `i31.get_s` fills with zeros.
    I31GetSZero = "i31-get-s-zero" Gc "4.6 Aggregate Instructions";
    /// `ref.test` holds for null whatever the type.
    RefTestNull = "ref-test-null" Reference "4.6 Reference Instructions";
    /// `select` of vectors exchanges its operands.
    SelectVectorSwapped = "select-vector-swapped" Variable "4.6 Parametric Instructions";
    /// The last handler of a `try_table` that matches is taken, not the first.
    HandlersReversed = "handlers-reversed" Exceptions "4.6 Control Instructions";
    /// `select` looks at the low byte of the condition only.
    SelectLowByte = "select-low-byte" Variable "4.6 Parametric Instructions";
    /// `select` of references exchanges its operands.
    SelectRefSwapped = "select-ref-swapped" Variable "4.6 Parametric Instructions";
    /// `global.set` is undone if the invocation traps afterwards.
    GlobalLostOnTrap = "global-lost-on-trap" Variable "4.6 Variable Instructions";
    /// `global.set` keeps only the low half of 64 bits.
    GlobalSetHalf = "global-set-half" Variable "4.6 Variable Instructions";
    /// `local.tee` of a number leaves the operand but not the local.
    LocalTeeLost = "local-tee-lost" Variable "4.6 Variable Instructions";
    /// `table.grow` fills with null.
    TableGrowNull = "table-grow-null" Table "4.6 Table Instructions";
    /// `table.fill` stops one element early.
    TableFillShort = "table-fill-short" Table "4.6 Table Instructions";
    /// `table.copy` onto a later part of the same table copies what it has just written.
    TableCopyForward = "table-copy-forward" Table "4.6 Table Instructions";
    /// `elem.drop` does nothing.
    ElemDropIgnored = "elem-drop-ignored" Table "4.6 Table Instructions";
    /// `i32.load8_s` fills with zeros.
    I32Load8SZero = "i32-load8-s-zero" Memory "4.6 Memory Instructions";
    /// 64-bit loads lose the high half.
    Load64Half = "load64-half" Memory "4.6 Memory Instructions";
    /// 32-bit loads trap where they end with the memory.
    Load32AtEnd = "load32-at-end" Memory "4.6 Memory Instructions";
    /// 32-bit loads may reach one byte beyond the memory.
    Load32PastEnd = "load32-past-end" Memory "4.6 Memory Instructions";
    /// The sum of address and offset wraps at 32 bits in 32-bit loads.
    Load32OffsetWraps = "load32-offset-wraps" Memory "4.6 Memory Instructions";
    /// 16-bit stores write 4 bytes.
    Store16Wide = "store16-wide" Memory "4.6 Memory Instructions";
    /// 64-bit stores that don't fit write their beginning before the trap.
    Store64Torn = "store64-torn" Memory "4.6 Memory Instructions";
    /// `memory.grow` returns the new size.
    MemoryGrowNewSize = "memory-grow-new-size" Memory "4.6 Memory Instructions";
    /// `memory.size` does not see the growth by a single page.
    MemorySizeStale = "memory-size-stale" Memory "4.6 Memory Instructions";
    /// `memory.fill` writes one byte more.
    MemoryFillLong = "memory-fill-long" Memory "4.6 Memory Instructions";
    /// `memory.copy` onto a later part of the memory copies what it has just written.
    MemoryCopyForward = "memory-copy-forward" Memory "4.6 Memory Instructions";
    /// `memory.init` always starts with the first byte of the segment.
    MemoryInitFromStart = "memory-init-from-start" Memory "4.6 Memory Instructions";
    /// `data.drop` does nothing.
    DataDropIgnored = "data-drop-ignored" Memory "4.6 Memory Instructions";
    /// `i32.atomic.rmw.add` returns the new value.
    AtomicAddNew = "atomic-add-new" Memory "4.6 Atomic Memory Instructions";
    /// `i32.atomic.rmw.cmpxchg` writes whatever it finds.
    AtomicCmpxchgAlways = "atomic-cmpxchg-always" Memory "4.6 Atomic Memory Instructions";
    /// `i32.atomic.load` need not be aligned.
    AtomicLoadUnaligned = "atomic-load-unaligned" Memory "4.6 Atomic Memory Instructions";
    /// `memory.atomic.notify` claims to have woken one agent.
    AtomicNotifyOne = "atomic-notify-one" Memory "4.6 Atomic Memory Instructions";
    /// `unreachable` reports a division by zero.
    UnreachableKind = "unreachable-kind" Control "4.6 Control Instructions";
    /// `br_table` with the first index beyond its targets goes to the last of them.
    BrTableDefault = "br-table-default" Control "4.6 Control Instructions";
    /// `br_if` looks at the low half of the condition only.
    BrIfLowHalf = "br-if-low-half" Control "4.6 Control Instructions";
    /// `call_indirect` accepts a function of another type, as long as it takes and leaves as much.
    CallIndirectUnchecked = "call-indirect-unchecked" Control "4.6 Function Calls";
    /// Two results of a function are exchanged.
    ReturnSwapped = "return-swapped" Control "4.6 Function Calls";
    /// Instances of one module share the globals that it defines.
    GlobalShared = "global-shared" State "4.7 Allocation";
    /// Active data segments are written one byte later, if they fit there.
    DataSegmentLate = "data-segment-late" Instantiation "4.7 Instantiation";
    /// Nothing is written by instantiation unless all data segments fit, as before bulk memory.
    SegmentsCheckedFirst = "segments-checked-first" Instantiation "4.7 Instantiation";
    /// The start function is not called.
    StartSkipped = "start-skipped" Instantiation "4.7 Instantiation";

    // Vector.
    /// `i16x8.q15mulr_sat_s` does not round.
    Q15MulrUnrounded = "q15mulr-unrounded" Vector "4.3 Vector Operations";
    /// `i8x16.narrow_i16x8_u` takes its lanes for unsigned numbers.
    NarrowUnsignedSource = "narrow-unsigned-source" Vector "4.3 Vector Operations";
    /// `i32x4.dot_i16x8_s` saturates.
    DotSaturates = "dot-saturates" Vector "4.3 Vector Operations";
    /// `i8x16.avgr_u` rounds down.
    AvgrRoundsDown = "avgr-rounds-down" Vector "4.3 Vector Operations";
    /// `i64x2.mul` overlooks the high half of its second operand.
    I64x2MulHalf = "i64x2-mul-half" Vector "4.3 Vector Operations";
    /// `f64x2.promote_low_f32x4` converts the high lanes.
    PromoteHigh = "promote-high" Vector "4.3 Vector Operations";
    /// `i8x16.swizzle` takes the index modulo 16.
    SwizzleWraps = "swizzle-wraps" Vector "4.6 Vector Instructions";
    /// `i16x8.bitmask` looks at the sign of the low byte.
    BitmaskLowByte = "bitmask-low-byte" Vector "4.3 Vector Operations";
    /// `i32x4.all_true` is `v128.any_true`.
    AllTrueAny = "all-true-any" Vector "4.3 Vector Operations";
    /// `i8x16.extract_lane_s` fills with zeros.
    ExtractLaneSZero = "extract-lane-s-zero" Vector "4.6 Vector Instructions";
    /// `i16x8.replace_lane` writes the lane beside.
    ReplaceLaneBeside = "replace-lane-beside" Vector "4.6 Vector Instructions";
    /// `v128.andnot` negates the first operand.
    AndnotSwapped = "andnot-swapped" Vector "4.3 Vector Operations";
    /// `i64x2.shr_s` by 64 or more does not take the distance modulo 64.
    I64x2ShrSUnmasked = "i64x2-shr-s-unmasked" Vector "4.3 Vector Operations";
    /// `i32x4.max_u` compares as if signed.
    I32x4MaxUSigned = "i32x4-max-u-signed" Vector "4.3 Vector Operations";

    // Memory.
    /// `memory.copy` between two memories reads from the one that it writes to.
    MemoryCopyWrongMemory = "memory-copy-wrong-memory" Memory "4.6 Memory Instructions";
    /// `memory.size` is always that of memory 0.
    MemorySizeFirst = "memory-size-first" Memory "4.6 Memory Instructions";
    /// 64-bit loads from a memory with 64-bit addresses take the low half of the address.
    Load64AddressHalf = "load64-address-half" Memory "4.6 Memory Instructions";
    /// `memory.grow` of a memory with 64-bit addresses fails with 2^32 - 1.
    MemoryGrowFailureHalf = "memory-grow-failure-half" Memory "4.6 Memory Instructions";
    /// `memory.grow` may go a page beyond the maximum.
    MemoryGrowPastMax = "memory-grow-past-max" Memory "4.6 Memory Instructions";
    /// `memory.copy` of no bytes traps where it starts at the end of the memory.
    MemoryCopyEmptyTraps = "memory-copy-empty-traps" Memory "4.6 Memory Instructions";
    /// `i64.load32_u` fills with the sign.
    I64Load32USigned = "i64-load32-u-signed" Memory "4.6 Memory Instructions";
    /// `v128.load8x8_s` fills with zeros.
    Load8x8SZero = "load8x8-s-zero" Memory "4.6 Memory Instructions";

    // Table.
    /// `table.size` does not see growth.
    TableSizeStale = "table-size-stale" Table "4.6 Table Instructions";
    /// `table.copy` between two tables reads from the one that it writes to, where both hold the same type.
    TableCopyWrongTable = "table-copy-wrong-table" Table "4.6 Table Instructions";
    /// `table.init` starts at the beginning of the segment.
    TableInitFromStart = "table-init-from-start" Table "4.6 Table Instructions";
    /// `call_indirect` knows the table as it was before it grew.
    CallIndirectStale = "call-indirect-stale" Table "4.6 Function Calls";
    /// `table.get` takes the low half of a 64-bit index.
    TableGetIndexHalf = "table-get-index-half" Table "4.6 Table Instructions";
    /// `table.grow` by no element fails.
    TableGrowZeroFails = "table-grow-zero-fails" Table "4.6 Table Instructions";

    // Control.
    /// `if` looks at the low byte of the condition only.
    IfLowByte = "if-low-byte" Control "4.6 Control Instructions";
    /// `return_call` exchanges the last two arguments, where they have the same type.
    TailCallSwapped = "tail-call-swapped" Control "4.6 Function Calls";

    // References and objects.
    /// `ref.is_null` holds for the `i31` 0.
    RefIsNullI31 = "ref-is-null-i31" Reference "4.6 Reference Instructions";
    /// `ref.eq` of two `i31` never holds.
    RefEqI31 = "ref-eq-i31" Reference "4.6 Reference Instructions";
    /// `ref.as_non_null` lets null pass.
    RefAsNonNullPasses = "ref-as-non-null-passes" Reference "4.6 Reference Instructions";
    /// `ref.cast` to a nullable type traps for null.
    RefCastNullTraps = "ref-cast-null-traps" Reference "4.6 Reference Instructions";
    /// `ref.test` for a defined type holds for every structure.
    RefTestAnyStruct = "ref-test-any-struct" Gc "4.6 Reference Instructions";
    /// `array.get` of numbers gives 0 for the first index behind the array.
    ArrayGetPastEnd = "array-get-past-end" Gc "4.6 Aggregate Instructions";
    /// `array.fill` stops one element early.
    ArrayFillShort = "array-fill-short" Gc "4.6 Aggregate Instructions";
    /// `array.copy` within an array onto a later part copies what it has just written.
    ArrayCopyForward = "array-copy-forward" Gc "4.6 Aggregate Instructions";
    /// `array.new_data` counts its offset in elements.
    ArrayNewDataElements = "array-new-data-elements" Gc "4.6 Aggregate Instructions";
    /// `ref.i31` keeps 30 bits and the sign of the word.
    RefI31Narrow = "ref-i31-narrow" Gc "4.6 Aggregate Instructions";

    // Exceptions.
    /// The last value of an exception is zero.
    ThrowPayloadLost = "throw-payload-lost" Exceptions "4.6 Control Instructions";
    /// The last two values of an exception are exchanged, where they have the same type.
    ThrowPayloadSwapped = "throw-payload-swapped" Exceptions "4.6 Control Instructions";
    /// `catch_all` is overlooked beside other handlers.
    CatchAllOverlooked = "catch-all-overlooked" Exceptions "4.6 Control Instructions";
    /// Tags of the same type are the same tag.
    TagsByType = "tags-by-type" Exceptions "4.7 Allocation";
    /// The handlers of an outer block come before those of an inner one.
    OuterHandlersFirst = "outer-handlers-first" Exceptions "4.6 Control Instructions";

    // Instantiation.
    /// The minimum of an imported memory is not compared.
    ImportMemoryUnchecked = "import-memory-unchecked" Instantiation "3.3 Import Matching";
    /// The maximum of an imported table is not compared.
    ImportTableUnchecked = "import-table-unchecked" Instantiation "3.3 Import Matching";
    /// The size of an imported memory is taken to be the one that it began with.
    ImportGrownRefused = "import-grown-refused" Instantiation "3.3 Import Matching";
    /// An imported function must have the very type, not a subtype.
    ImportSubtypeRefused = "import-subtype-refused" Instantiation "3.3 Import Matching";
    /// The start function is called before segments are written.
    StartFirst = "start-first" Instantiation "4.7 Instantiation";
    /// A data segment that ends with the memory traps.
    DataAtEndTraps = "data-at-end-traps" Instantiation "4.7 Instantiation";
    /// An empty data segment may lie beyond the memory.
    EmptyDataAnywhere = "empty-data-anywhere" Instantiation "4.7 Instantiation";

    // State between instances.
    /// Instances of one module share the memories that it defines.
    MemoryShared = "memory-shared" State "4.7 Allocation";
    /// Instances of one module share the tables that it defines.
    TableShared = "table-shared" State "4.7 Allocation";
    /// `data.drop` in one instance drops the segment of all instances of the module.
    DataDropShared = "data-drop-shared" State "4.7 Allocation";
    /// An imported global is copied: writes on one side are not seen on the other.
    ImportedGlobalCopied = "imported-global-copied" State "4.7 Instantiation";
    /// An imported table is copied.
    ImportedTableCopied = "imported-table-copied" State "4.7 Instantiation";
    /// Only the first instance of a module calls its start function.
    StartOnce = "start-once" State "4.7 Instantiation";

    // Validation.
    /// Alignment may be larger than the access.
    AlignmentUnchecked = "alignment-unchecked" Validation "3.4 Memory Instructions";
    /// Two exports may have the same name.
    ExportsUnchecked = "exports-unchecked" Validation "3.5 Modules";
    /// A minimum may be above its maximum.
    LimitsUnchecked = "limits-unchecked" Validation "3.2 Limits";
    /// A memory may have more than 65536 pages.
    MemoryRangeUnchecked = "memory-range-unchecked" Validation "3.2 Memory Types";
    /// An immutable global may be set.
    GlobalSetUnchecked = "global-set-unchecked" Validation "3.4 Variable Instructions";
    /// `ref.func` may name a function that nothing declares.
    RefFuncUnchecked = "ref-func-unchecked" Validation "3.4 Reference Instructions";
    /// A final type may be extended.
    FinalUnchecked = "final-unchecked" Validation "3.2 Type Definitions";
    /// The start function may take parameters; then it is not called.
    StartUnchecked = "start-unchecked" Validation "3.5 Start Function";
    /// A lane may be any number.
    LaneUnchecked = "lane-unchecked" Validation "3.4 Vector Instructions";
    /// Code behind `unreachable` is refused.
    DeadCodeRefused = "dead-code-refused" Validation "3.4 Control Instructions";
    /// Two imports of the same names are refused.
    ImportTwiceRefused = "import-twice-refused" Validation "3.5 Modules";
    /// A start function that is imported is refused.
    StartImportedRefused = "start-imported-refused" Validation "3.5 Start Function";
    /// A `br_table` with a default alone is refused.
    BrTableEmptyRefused = "br-table-empty-refused" Validation "3.4 Control Instructions";

    // Decoding.
    /// The version may be any.
    VersionUnchecked = "version-unchecked" Decoding "5.5 Modules";
    /// Sections may stand in any order.
    SectionOrderUnchecked = "section-order-unchecked" Decoding "5.5 Modules";
    /// A section may come twice; the first one counts.
    SectionTwiceAccepted = "section-twice-accepted" Decoding "5.5 Modules";
    /// The name of a custom section may be anything.
    CustomSectionUnchecked = "custom-section-unchecked" Decoding "5.5 Custom Section";
    /// The data count may be any.
    DataCountUnchecked = "data-count-unchecked" Decoding "5.5 Data Count Section";
    /// The size of a section may be written with more bytes than it may.
    SizeOverlongAccepted = "size-overlong-accepted" Decoding "5.2 Integers";
    /// Bytes behind the last section are ignored.
    JunkIgnored = "junk-ignored" Decoding "5.5 Modules";
    /// The size of a section must be written with as few bytes as possible.
    SizePaddedRefused = "size-padded-refused" Decoding "5.2 Integers";
    /// A custom section may only stand at the end.
    CustomBetweenRefused = "custom-between-refused" Decoding "5.5 Custom Section";
    /// A section with an empty list is refused.
    SectionEmptyRefused = "section-empty-refused" Decoding "5.5 Sections";
    /// A block type of more than one byte is refused.
    BlockTypeLongRefused = "block-type-long-refused" Decoding "5.4 Control Instructions";
    /// `i32.const` loses the bits in its fifth byte.
    I32ConstFourBytes = "i32-const-four-bytes" Decoding "5.4 Numeric Instructions";
    /// `f32.const` makes a signalling NaN quiet.
    F32ConstQuiet = "f32-const-quiet" Decoding "5.4 Numeric Instructions";

    // What only shows beyond a size.
    /// `i64.const` goes by way of a double: what needs more than 53 bits is rounded.
    I64ConstDouble = "i64-const-double" Size "4.6 Numeric Instructions";
    /// `br_table` takes its default from index 128 on.
    BrTableNarrow = "br-table-narrow" Size "4.6 Control Instructions";
    /// Static offsets of loads keep 16 bits.
    OffsetNarrow = "offset-narrow" Size "4.6 Memory Instructions";
    /// Static offsets of loads from memories with 64-bit addresses keep 32 bits.
    OffsetHalf = "offset-half" Size "4.6 Memory Instructions";
    /// Locals from number 64 on cannot be written.
    LocalsNarrow = "locals-narrow" Size "4.6 Variable Instructions";
    /// The last of more than eight arguments is zero.
    NinthArgumentLost = "ninth-argument-lost" Size "4.6 Function Calls";
    /// In a body of more than 2^15 instructions, `br_if` never branches.
    LongBodyFallsThrough = "long-body-falls-through" Size "4.6 Control Instructions";
    /// `i64.extend_i32_s` fills with zeros where at least 24 values are live.
    ExtendSpilled = "extend-spilled" Size "4.6 Numeric Instructions";

    // What only shows with a particular shape of operands, as wrong rewrites of compilers do.
    /// `i32.div_s` by a constant power of two is a shift: it rounds down.
    DivPowerOfTwo = "div-power-of-two" Shape "4.3 Integer Operations";
    /// `i64.rem_s` by a constant power of two is a mask.
    RemPowerOfTwo = "rem-power-of-two" Shape "4.3 Integer Operations";
    /// `i32.shr_u` by a constant of 32 or more is 0.
    ShiftConstantWide = "shift-constant-wide" Shape "4.3 Integer Operations";
    /// `select` behind `i32.eqz` loses the negation.
    SelectAfterEqz = "select-after-eqz" Shape "4.6 Parametric Instructions";
    /// `f64.lt` that is negated becomes `f64.ge`, which NaNs tell apart.
    NotLessGreaterEqual = "not-less-greater-equal" Shape "4.3 Floating-Point Operations";
    /// `f64.sub` of a local from itself is 0, even for infinities and NaNs.
    SubSameLocal = "sub-same-local" Shape "4.3 Floating-Point Operations";
    /// `i64.extend_i32_u` of `i32.wrap_i64` is left out.
    WrapExtendFolded = "wrap-extend-folded" Shape "4.3 Conversions";
    /// `f64.promote_f32` of `f32.demote_f64` is left out.
    DemotePromoteFolded = "demote-promote-folded" Shape "4.3 Conversions";
    /// A constant that is added to an address becomes part of the static offset, so that the sum does not wrap.
    AddressFolded = "address-folded" Shape "4.6 Memory Instructions";
    /// `i64.add` of a constant extends it from 32 bits with its sign.
    AddImmediateSigned = "add-immediate-signed" Shape "4.3 Integer Operations";
    /// `f64.div` by a constant multiplies by its reciprocal.
    DivReciprocal = "div-reciprocal" Shape "4.3 Floating-Point Operations";
    /// `f32.add` of 0 is left out.
    AddZeroFolded = "add-zero-folded" Shape "4.3 Floating-Point Operations";
    /// A global that is read before a call is read after it.
    GlobalReadLate = "global-read-late" Shape "4.6 Variable Instructions";
    /// A local that is read before `local.tee` of the same local is read after it.
    LocalReadLate = "local-read-late" Shape "4.6 Variable Instructions";

    // Modelled on bugs that engines had. What counts is the condition under which each shows, told as its report tells
    // it; the wrong value is the report's where it names one.
    /// `i8x16.shuffle` of a vector with itself takes the lane before, for lanes of the second beyond its first.
    ShuffleSameOperand = "shuffle-same-operand" Shape "4.6 Vector Instructions" from "wasmtime CVE-2023-27477";
    /// `i32.div_u` and `i32.rem_u` extend a constant divisor with its sign to 64 bits.
    DivUConstantSigned = "div-u-constant-signed" Shape "4.3 Integer Operations" from "wasmtime CVE-2022-31169";
    /// `i8x16.swizzle` changes the local that its second operand is read from.
    SwizzleChangesMask = "swizzle-changes-mask" Shape "4.6 Vector Instructions" from "wasmtime CVE-2022-31104";
    /// `select` of vectors moves the low half of the first only.
    SelectVectorHalf = "select-vector-half" Vector "4.6 Parametric Instructions" from "wasmtime CVE-2022-31104";
    /// The shift of an address by a constant from 1 to 3 is done in 64 bits and does not wrap.
    AddressShiftWide = "address-shift-wide" Shape "4.6 Memory Instructions" from "wasmtime CVE-2023-26489";
    /// A constant shift within a sum that is a 64-bit address is by the low three bits, where these fit the access.
    AddressShiftMasked = "address-shift-masked" Shape "4.3 Integer Operations" from "wasmtime CVE-2026-34971";
    /// The load that gives `copysign` its sign reads 16 bytes.
    CopysignWideLoad = "copysign-wide-load" Shape "4.6 Memory Instructions" from "wasmtime CVE-2026-24116";
    /// The load whose value is rounded reads 16 bytes.
    RoundWideLoad = "round-wide-load" Shape "4.6 Memory Instructions" from "wasmtime #8118";
    /// `i64.extend_i32_u` of the result of `table.grow` gives -1 after a failure.
    TableGrowWide = "table-grow-wide" Shape "4.3 Conversions" from "wasmtime CVE-2026-35186";
    /// `i32.shr_u` of a constant by a constant of 32 or more gives 0.
    ShiftBothConstant = "shift-both-constant" Shape "4.3 Integer Operations" from "wasmtime #12318";
    /// `v128.bitselect` by a vector of floats compared with itself takes all of the first, NaN or not.
    BitselectEqualSelf = "bitselect-equal-self" Shape "4.3 Vector Operations" from "wasmtime #8131";
    /// `br_table` out of a block with two slots of operands and more leaves the lowest place as it was, where values lie
    /// below them in the block.
    BrTableValuesBelow = "br-table-values-below" Control "4.6 Control Instructions" from "wasmtime #10613";
    /// `f64.ne` and `f32.ne` give 0 where the result of `eqz` lies below their operands.
    NeAboveEqz = "ne-above-eqz" Shape "4.3 Floating-Point Operations" from "wasmtime #8632";
    /// A local that waits on the stack over a `br_if` is read after the next `local.set`.
    BrIfValueLate = "br-if-value-late" Shape "4.6 Variable Instructions" from "wasmtime #8886";
    /// Two shifts that make up a rotation, one of them by 0, give the second one's result.
    RotateByZero = "rotate-by-zero" Shape "4.3 Integer Operations" from "wasmtime #12907";
    /// `i16x8.extmul_high_i8x16_s` of the ninth parameter or a later one takes the low lanes.
    ExtmulSpilled = "extmul-spilled" Size "4.3 Vector Operations" from "wasmtime #8132";
    /// `select` between 1 and a value by whether that value is 0 gives the value.
    SelectOfCompared = "select-of-compared" Shape "4.6 Parametric Instructions" from "wasmtime #5839";
    /// `i64.extend_i32_u` of a sum, a product or the like extends the sign where at least 24 values are live.
    ZeroExtendSpilled = "zero-extend-spilled" Size "4.3 Conversions" from "wasmtime CVE-2021-32629";
    /// A new memory begins with what the data segments of an older instance of another module made of its own.
    PriorImageVisible = "prior-image-visible" State "4.7 Allocation" from "wasmtime CVE-2022-39393";
    /// `table.get` behind the end of a table of nulls gives null.
    NoneTableUnchecked = "none-table-unchecked" Table "4.6 Table Instructions" from "wasmtime #10353";
    /// `table.init` of nothing from a declarative segment of external references traps.
    TableInitDeclared = "table-init-declared" Table "4.6 Table Instructions" from "wasmtime #8281";
    /// `call_indirect` takes an imported function to have the type of the import, not its own subtype of it.
    ImportIndirectSubtype = "import-indirect-subtype" Control "4.6 Function Calls" from "wasmtime #13095";
    /// `i32.load` whose sum with a constant is both kept and an address: the address is the constant.
    LoadMergedTwice = "load-merged-twice" Shape "4.6 Memory Instructions" from "wasmtime #2473";
    /// The second lane of `i64x2.shr_s` by a constant above 32 is made from its low half.
    I64x2ShrSConstant = "i64x2-shr-s-constant" Shape "4.3 Vector Operations" from "wasmtime CVE-2023-41880";
    /// After two `local.tee` of a local, the value is what the first of the two held before.
    TeeChainOld = "tee-chain-old" Shape "4.6 Variable Instructions" from "wasmi #1051";
    /// Two `local.tee` behind a `global.get` and a move between locals give what the first of the two held before.
    TeeAfterGlobal = "tee-after-global" Shape "4.6 Variable Instructions" from "wasmi #1779";
    /// A local that waits on the stack below a `loop` is read after the loop, if that writes it.
    LoopLocalLate = "loop-local-late" Shape "4.6 Variable Instructions" from "wasmi #1748";
    /// A local that waits on the stack below a `block` is read after the block, if that writes it.
    BlockLocalLate = "block-local-late" Shape "4.6 Variable Instructions" from "wasmi #934";
    /// `i32.eqz` of an immutable global is that of the result of a bitwise operator before it.
    AndEqzAcrossGlobal = "and-eqz-across-global" Shape "4.3 Integer Operations" from "wasmi #887";
    /// `i32.eqz` of a constant or a local is that of the result of a bitwise operator before it.
    AndEqzAcrossValue = "and-eqz-across-value" Shape "4.3 Integer Operations" from "wasmi #880";
    /// A float is less or equal to itself, and greater or equal, if both operands are one local: NaN too.
    CompareSameTrue = "compare-same-true" Shape "4.3 Floating-Point Operations" from "wasmi #881";
    /// The static offset of a store of a lane keeps eight bits.
    LaneStoreOffsetByte = "lane-store-offset-byte" Size "4.6 Memory Instructions" from "wasmi #1429";
    /// A branch that moves three operands or more by fewer places than they are copies the last one first.
    BrValuesOverlap = "br-values-overlap" Control "4.6 Control Instructions" from "wasmi #783";
    /// The first operand of an operator is overwritten by the second, if it is a `select` by a constant.
    SelectConstantOverwritten = "select-constant-overwritten" Shape "4.6 Parametric Instructions" from "wasmi #1213";
    /// `local.tee` behind a block that ends with `local.get` takes that local, wherever the block was left.
    TeeAcrossEnd = "tee-across-end" Shape "4.6 Control Instructions" from "tinywasm #56";
    /// Of two sign extensions by shifts the outer one is left out, though it shifts by another distance.
    SignShiftTwice = "sign-shift-twice" Shape "4.3 Integer Operations" from "binaryen #3362";
    /// A constant that is added before a signed 64-bit comparison with a constant is subtracted from that one.
    CompareSumConstants = "compare-sum-constants" Shape "4.3 Integer Operations" from "binaryen #5464";
    /// A division whose result waits in a local traps after the store behind it.
    TrapAfterStore = "trap-after-store" Shape "4.6 Numeric Instructions" from "binaryen #505";
    /// A field whose value waits in a local is read after the field is written.
    FieldReadLate = "field-read-late" Gc "4.6 Aggregate Instructions" from "binaryen #3655";
    /// A load in one arm of an `if`, beside a constant, is done in any case.
    LoadUnconditional = "load-unconditional" Shape "4.6 Control Instructions" from "binaryen #898";
    /// The value of a `br_if` is read after its condition has written the local.
    BrIfValueChanged = "br-if-value-changed" Shape "4.6 Control Instructions" from "binaryen #7586";
    /// Sign extensions of different widths are zero extensions where they are compared.
    CompareSignExtensions = "compare-sign-extensions" Shape "4.3 Integer Operations" from "binaryen #935";
    /// A sign extension is a zero extension where it is compared with a constant.
    CompareExtendedConstant = "compare-extended-constant" Shape "4.3 Integer Operations" from "binaryen #3399";
    /// `i64.extend8_s` and `i64.extend16_s` fill the low word only.
    ExtendLowWord = "extend-low-word" Numeric "4.3 Integer Operations" from "binaryen #4321";
    /// `local.tee` of what another local holds is left out together with the redundant `local.set` around it.
    TeeInsideRedundant = "tee-inside-redundant" Shape "4.6 Variable Instructions" from "binaryen #1556";
    /// The remainder of the least integer by -1 traps.
    RemMinusOneTraps = "rem-minus-one-traps" Numeric "4.3 Integer Operations" from "wasm-micro-runtime #1213";
    /// Two 64-bit constants are compared by their low halves.
    CompareConstantsNarrow = "compare-constants-narrow" Shape "4.3 Integer Operations" from "wasm-micro-runtime #2957";
    /// `i64.shl` of a constant by a constant of 32 or more gives 0.
    ShlConstantsNarrow = "shl-constants-narrow" Shape "4.3 Integer Operations" from "wasm-micro-runtime #2965";
    /// `i32.rotl` by 32 or more gives 0.
    RotlUnmasked = "rotl-unmasked" Numeric "4.3 Integer Operations" from "wasm-micro-runtime #2667";
    /// A constant below the parameters of an `if` that are constants too is overwritten.
    BelowBlockParams = "below-block-params" Shape "4.6 Control Instructions" from "wasm-micro-runtime #3403";
    /// The parameter of an `if` without `else` is 0 behind it if the condition is 0.
    IfParamLost = "if-param-lost" Control "4.6 Control Instructions" from "wasm-micro-runtime #3387";
    /// The constant that a `br` takes out of its block is overwritten by the constant behind the block.
    BrConstantOverwritten = "br-constant-overwritten" Shape "4.6 Control Instructions" from "wasm-micro-runtime #3170";
    /// `f32.abs` makes signalling NaNs quiet.
    AbsThroughDouble = "abs-through-double" Numeric "4.3 Floating-Point Operations" from "wasm-micro-runtime #1477";
    /// `memory.init` beyond the end of its segment copies what there is.
    MemoryInitPastSegment = "memory-init-past-segment" Memory "4.6 Memory Instructions" from "wasm-micro-runtime #3020";
    /// An active element segment can still be copied after instantiation.
    ActiveElementsKept = "active-elements-kept" Table "4.7 Instantiation" from "wasm-micro-runtime #4014";
    /// `br_table` to a loop that has more results than parameters is refused, or fewer.
    BrTableLoopRefused = "br-table-loop-refused" Validation "3.4 Control Instructions" from "wasm-micro-runtime #2858";
    /// A function that returns two locals returns the second one twice.
    ReturnedLocalsSame = "returned-locals-same" Shape "4.6 Function Calls" from "wasmer #3940";
    /// Stores to any memory go to the first.
    StoreFirstMemory = "store-first-memory" Memory "4.6 Memory Instructions" from "wasmer #5633";
    /// A function that returns three constants of one type or more moves the later ones forward by one.
    ReturnedConstants = "returned-constants" Shape "4.6 Function Calls" from "wasm3 #220";
    /// A local that waits on the stack below an `if` is read after it, if that writes it.
    IfLocalLate = "if-local-late" Shape "4.6 Variable Instructions" from "wasm3 #40";
    /// Loads from an imported memory do not see that somebody else has grown it.
    HostGrowthStale = "host-growth-stale" State "4.6 Memory Instructions" from "wazero #2215";
    /// `select` of floats gives 0 for the second one in functions of at least 16 locals.
    FloatSelectSpilled = "float-select-spilled" Size "4.6 Parametric Instructions" from "wazero #2534";
    /// `memory.fill` with the same value for all three operands fills with zeros.
    FillSameOperands = "fill-same-operands" Shape "4.6 Memory Instructions" from "wazero #1054";
    /// Where an exception is caught, locals are what they were when the handlers came into force.
    TryLocalsRestored = "try-locals-restored" Exceptions "4.6 Control Instructions" from "wazero #2503";
    /// Where an exception is caught, the last of several locals declared together is 0.
    CatchClobbersLocal = "catch-clobbers-local" Exceptions "4.6 Control Instructions" from "wabt #2483";
    /// The value below the operands of a call is 0 after it, if the function ends in a tail call with arguments.
    BelowTailCall = "below-tail-call" Control "4.6 Function Calls" from "wabt #2835";
    /// `memory.copy` between memories with addresses of different widths takes the low half of the wider one.
    MemoryCopyMixed = "memory-copy-mixed" Memory "4.6 Memory Instructions" from "wabt #2729";
    /// `table.copy` between tables with indices of different widths takes the low half of the wider one.
    TableCopyMixed = "table-copy-mixed" Table "4.6 Table Instructions" from "wabt #2730";
    /// `select` by the constant 0 gives the first operand.
    SelectFalseConstant = "select-false-constant" Shape "4.6 Parametric Instructions" from "wizard-engine #505";
    /// A comparison of vectors for difference sets all bits of the local that its second operand is read from.
    NeChangesOperand = "ne-changes-operand" Shape "4.6 Vector Instructions" from "wizard-engine #650";
    /// `array.copy` to an array of a supertype of the elements is refused.
    ArrayCopyDirection = "array-copy-direction" Validation "3.4 Aggregate Instructions" from "wizard-engine #656";
    /// `table.grow` of a table with 64-bit indices fails with 2^32 - 1.
    TableGrowFailureHalf = "table-grow-failure-half" Table "4.6 Table Instructions" from "wizard-engine #485";
    /// `i8x16.shuffle` that takes all lanes from a shuffled vector as second operand takes them from the first one.
    ShuffleOfShuffle = "shuffle-of-shuffle" Shape "4.6 Vector Instructions" from "WebKit #64235";
    /// `ref.test` of an object where it is made holds if it must not, and the other way round.
    RefTestOfNew = "ref-test-of-new" Gc "4.6 Reference Instructions" from "WebKit #58361";
    /// `i64.extend_i32_u` of the result of a function that ends by wrapping a 64-bit value sets a high bit.
    ReturnedHighBits = "returned-high-bits" Shape "4.3 Conversions" from "Firefox CVE-2025-1933";
    /// A global that is read again after a call has the value that it had before.
    GlobalStaleAfterCall = "global-stale-after-call" Shape "4.6 Variable Instructions" from "Firefox CVE-2023-4046";
    /// `i64.store` of a constant to an address in a local writes zeros for the high half.
    StoreConstantHalf = "store-constant-half" Shape "4.6 Memory Instructions" from "Samsung walrus #192";
    /// Of two data segments that overlap, the one with the greater offset is written last.
    SegmentsSorted = "segments-sorted" Instantiation "4.7 Instantiation" from "warpo #618";
    /// `br_table` in dead code is refused if its labels take different types.
    BrTableDeadRefused = "br-table-dead-refused" Validation "3.4 Control Instructions" from "DLR wasm-interpreter #186";
    /// `return_call_indirect` compares types by their index in the module.
    TailIndirectIndex = "tail-indirect-index" Control "4.6 Function Calls" from "wasmoon #214";
    /// A memory argument with the index of a memory is malformed.
    MemoryIndexBitRefused = "memory-index-bit-refused" Decoding "5.4 Memory Instructions" from "SerenityOS #24533";

    // Modelled likewise, the first list that was held out once: planted without a look at the generators, which have been
    // changed for them since.
    /// `i32.rem_u` and `i64.rem_u` by the constant -1 give 0.
    RemUMinusOne = "rem-u-minus-one" Numeric "4.3 Integer Operations" from "WebKit #26984";
    /// `ref.eq` does not hold for the `i31` of a constant with bit 30 set, unless the other is made of a constant too.
    I31ConstantUnlike = "i31-constant-unlike" Reference "4.6 Reference Instructions" from "WebKit #45736";
    /// `ref.cast` to a type with an index from 128 on is refused.
    CastIndexRefused = "cast-index-refused" Size "3.4 Reference Instructions" from "WebKit #21213";
    /// `call_ref` is refused where its last argument has a proper subtype of the parameter's type.
    CallRefSubtypeRefused = "call-ref-subtype-refused" Validation "3.4 Control Instructions" from "WebKit #21353";
    /// The null of no internal type is refused as the result of a function that returns another internal type.
    NullResultRefused = "null-result-refused" Validation "3.3 Heap Types" from "WebKit #21143";
    /// An argument is refused if its type is defined like the parameter's type, but under another index.
    EqualTypeRefused = "equal-type-refused" Validation "3.3 Defined Types" from "wasm-micro-runtime #3292";
    /// `i32.const` of 2^30 and more takes its sign from bit 30.
    I32ConstSignBit = "i32-const-sign-bit" Decoding "5.2 Integers" from "wasmparser #50";
    /// A segment whose position is an imported global does not fit.
    ImportedOffsetTraps = "imported-offset-traps" Instantiation "4.7 Instantiation" from "zwasm #282";
    /// In a module without functions, an imported table is taken to hold functions and to have 32-bit indices when it
    /// is the target of a segment.
    ImportedTableRefused = "imported-table-refused" Validation "3.5 Element Segments" from "zwasm #278";
    /// An element may be the value of a mutable global.
    ElementMutableGlobal = "element-mutable-global" Validation "3.4 Constant Expressions"
        from "wasm-micro-runtime #4855";
    /// An empty block at the end of a block with results, behind a branch, makes the end reachable: the results lack.
    DeadInnerBlockRefused = "dead-inner-block-refused" Validation "3.4 Control Instructions" from "DTVM #157";
    /// `ref.test` of a field of an object that was cast, and that is the same field of an object of its type, gives 0.
    FieldOfFieldTest = "field-of-field-test" Gc "4.6 Reference Instructions" from "wasmtime #10171";
    /// `memory.init` of nothing from an active segment traps.
    MemoryInitActiveTraps = "memory-init-active-traps" Memory "4.6 Memory Instructions" from "binaryen #2540";
    /// `table.init` of nothing from an active segment traps.
    TableInitActiveTraps = "table-init-active-traps" Table "4.6 Table Instructions"
        from "wasm-micro-runtime #3081";
    /// A declarative segment of references to a defined type is malformed.
    DeclaredTypedMalformed = "declared-typed-malformed" Decoding "5.5 Element Section" from "binaryen #8540";
    /// The sum of address and offset of `memory.atomic.notify` wraps.
    NotifyOffsetWraps = "notify-offset-wraps" Memory "4.6 Atomic Memory Instructions" from "wasmtime #12909";
    /// `br_table` with more than 4095 targets compares the index with the low twelve bits of their number.
    BrTableLowBits = "br-table-low-bits" Size "4.6 Control Instructions" from "wasmoon #169";
    /// A field of a new structure in a local is the constant that it began with, even after it was written.
    FieldPrecomputed = "field-precomputed" Gc "4.6 Aggregate Instructions" from "binaryen #3805";
    /// `ref.eq` does not hold for a local with a new object and itself: the object is made twice.
    NewObjectUnlikeItself = "new-object-unlike-itself" Reference "4.6 Reference Instructions"
        from "binaryen #3810";
    /// `struct.set` of a field that nobody reads traps for null before the call that makes its value.
    NullTrapBeforeValue = "null-trap-before-value" Gc "4.6 Aggregate Instructions" from "binaryen #4801";
    /// Loads and stores of a lane trap before the call that makes their vector.
    LaneTrapBeforeVector = "lane-trap-before-vector" Vector "4.6 Memory Instructions" from "binaryen #7237";
    /// `struct.get_s` of a structure that is made of a constant fills with zeros.
    NewFieldUnsigned = "new-field-unsigned" Gc "4.6 Aggregate Instructions" from "binaryen #3438";
    /// An element segment whose position is a global of the module itself is refused.
    OwnOffsetRefused = "own-offset-refused" Validation "3.5 Element Segments" from "wabt #2526";
    /// A data segment that does not fit the memory that is declared is refused, not trapped for.
    SegmentSizeRefused = "segment-size-refused" Validation "3.5 Data Segments" from "binaryen #6228";
    /// A handler around a tail call catches what the callee throws.
    TailCallCaught = "tail-call-caught" Exceptions "4.6 Function Calls" from "binaryen #6436";
    /// A loop around another loop, in a block, runs once in functions with four parameters or more.
    OuterLoopOnce = "outer-loop-once" Control "4.6 Control Instructions" from "ChakraCore #5730";

    // Modelled likewise, the second list that was held out once: planted without a look at the generators, while those were
    // changed without a look at it. What was missed has been taught since.
    /// Unsigned truncations of numbers between -1 and 0 trap.
    TruncUNegativeFraction = "trunc-u-negative-fraction" Numeric "4.3 Conversions" from "wasmoon #113";
    /// `f32.copysign` and `f64.copysign` of a NaN leave its sign.
    CopysignOfNan = "copysign-of-nan" Numeric "4.3 Floating-Point Operations" from "wasmi #293";
    /// The minimum and the maximum of two constants that are zeros of different signs is the first.
    MinZerosConstant = "min-zeros-constant" Shape "4.3 Floating-Point Operations" from "WebKit #63326";
    /// `i32.rotl` of a constant by the constant 0 gives -1.
    RotlZeroConstants = "rotl-zero-constants" Shape "4.3 Integer Operations" from "wasmer #2143";
    /// `select` between two locals by whether the second is greater than the first, signed and in 64 bits, gives the
    /// greater one.
    SelectGreaterSwapped = "select-greater-swapped" Shape "4.6 Parametric Instructions" from "wasmtime #8114";
    /// `f64x2.replace_lane 0` by a number from a global or from a memory makes the other lane zero.
    ReplaceLaneFromMemory = "replace-lane-from-memory" Vector "4.6 Vector Instructions" from "wasmtime #3216";
    /// `i64x2.shr_s` of a local by a constant takes the distance modulo 32.
    I64x2ShrSLocal = "i64x2-shr-s-local" Shape "4.3 Vector Operations" from "wasmi #1764";
    /// Extended products of low halves take the even lanes, and of high halves the odd ones.
    ExtmulEvenOdd = "extmul-even-odd" Vector "4.3 Vector Operations" from "wasmer #6077";
    /// Loads that repeat a number, and loads and stores of a lane, trap unless there are 16 bytes.
    LaneAccessWide = "lane-access-wide" Vector "4.6 Memory Instructions" from "WebKit #13092";
    /// `memory.fill` of any memory fills the first.
    MemoryFillFirst = "memory-fill-first" Memory "4.6 Memory Instructions" from "Ladybird #6089";
    /// `memory.atomic.wait32`, `memory.atomic.wait64` and `memory.atomic.notify` overlook their static offset.
    AtomicOffsetIgnored = "atomic-offset-ignored" Memory "4.6 Atomic Memory Instructions" from "wasmer #6867";
    /// `memory.grow` of a memory with 64-bit addresses succeeds if the new size wraps; then it is smaller.
    MemoryGrowWraps = "memory-grow-wraps" Memory "4.6 Memory Instructions" from "binaryen #7112";
    /// `data.drop` and `elem.drop` bring back what was dropped of the segments with greater indices.
    DropForgetsLater = "drop-forgets-later" Memory "4.6 Memory Instructions" from "rwasm #172";
    /// `table.fill` takes the low half of a 64-bit index.
    TableFillIndexHalf = "table-fill-index-half" Table "4.6 Table Instructions" from "wabt #2731";
    /// `call_indirect` and `return_call_indirect` take the low half of a 64-bit index.
    CallIndirectIndexHalf = "call-indirect-index-half" Table "4.6 Function Calls" from "binaryen #7062";
    /// `table.init` of nothing may lie beyond the table.
    TableInitEmptyAnywhere = "table-init-empty-anywhere" Table "4.6 Table Instructions"
        from "wasm-micro-runtime #2096";
    /// `return_call` with seven integers or more loses the last argument, and `return_call_indirect` with them traps.
    TailCallSeventhArgument = "tail-call-seventh-argument" Size "4.6 Function Calls" from "zwasm #424";
    /// A loop with parameters traps.
    LoopParamsTrap = "loop-params-trap" Control "4.6 Control Instructions" from "zwasm #244";
    /// `br_table` with a value, all of whose labels are the same, takes the index before the value is made.
    BrTableIndexFirst = "br-table-index-first" Control "4.6 Control Instructions" from "binaryen #3220";
    /// Below the result of an `if` lies the condition, in the place of another `i32`.
    IfConditionBelow = "if-condition-below" Control "4.6 Control Instructions" from "WARDuino #356";
    /// `throw` is refused where its last argument has a proper subtype of the parameter's type.
    ThrowSubtypeRefused = "throw-subtype-refused" Exceptions "3.4 Control Instructions" from "WebKit #21182";
    /// A handler that passes the exception is refused where its label takes no null.
    CatchRefNonNullRefused = "catch-ref-non-null-refused" Exceptions "3.4 Control Instructions"
        from "endive #189";
    /// A handler whose label is that of the function returns the first local, where that has the result's type.
    HandlerToFunction = "handler-to-function" Exceptions "4.6 Control Instructions" from "wizard-engine #517";
    /// `array.fill` and `array.copy` of nothing may lie beyond the array.
    ArrayEmptyUnchecked = "array-empty-unchecked" Gc "4.6 Aggregate Instructions" from "wasm-micro-runtime #5113";
    /// `array.fill` of as many elements as the array has traps.
    ArrayFillWholeTraps = "array-fill-whole-traps" Gc "4.6 Aggregate Instructions" from "wasm-micro-runtime #4644";
    /// `array.fill` writes as many elements as there are before the first of them.
    ArrayFillStartMany = "array-fill-start-many" Gc "4.6 Aggregate Instructions" from "wasmtime #10467";
    /// `array.new_data` reads segments that are dropped.
    ArrayNewDataDropped = "array-new-data-dropped" Gc "4.6 Aggregate Instructions" from "wasm-micro-runtime #5114";
    /// `ref.cast` of the structure that a global begins with traps.
    CastOfInitialObject = "cast-of-initial-object" Gc "4.6 Reference Instructions" from "wasm-micro-runtime #4805";
    /// `ref.cast` to a nullable type is refused where its operand cannot be null.
    CastNullableRefused = "cast-nullable-refused" Validation "3.4 Reference Instructions" from "wasm-tools #1354";
    /// `select` is refused behind `unreachable` and a `br_if` with a value.
    DeadSelectRefused = "dead-select-refused" Validation "3.4 Parametric Instructions" from "wasmer #1740";
    /// A type may extend a later one of its recursive group.
    ForwardSupertypeAccepted = "forward-supertype-accepted" Validation "3.2 Type Definitions"
        from "WasmEdge #5061";
    /// That a type is a function may be said with a padded number.
    FuncTypePaddedAccepted = "func-type-padded-accepted" Decoding "5.3 Composite Types" from "wabt #1556";
    /// The number behind the prefixes 0xFC and 0xFE must be a single byte.
    SubOpcodePaddedRefused = "sub-opcode-padded-refused" Decoding "5.4 Instructions" from "wasm-tools #76";
    /// Active data segments are written before element segments.
    DataBeforeElements = "data-before-elements" Instantiation "4.7 Instantiation" from "wabt #2168";
    /// Segments whose position is read from a global lie at 0.
    GlobalOffsetZero = "global-offset-zero" Instantiation "4.7 Instantiation" from "talos #101";
    /// An active element segment without elements may lie beyond the table.
    EmptyElementsAnywhere = "empty-elements-anywhere" Instantiation "4.7 Instantiation" from "binaryen #6431";
    /// If the start function of an importer of a memory traps, imports are what they were before the segments.
    StartTrapUndoes = "start-trap-undoes" State "4.7 Instantiation" from "wago #241";
    /// `call_indirect` of another instance's function calls the instance's own one of the same index.
    IndirectCallOwnFunction = "indirect-call-own-function" State "4.6 Function Calls" from "fizzy #246";
    /// A load from an address in a local is done after the `local.set` of that local behind it.
    LoadAfterAddressSet = "load-after-address-set" Shape "4.6 Variable Instructions" from "wago #585";

    // Modelled likewise, the third list that is held out: chosen and planted without a look at the generators.
    /// `br_if` by whether two constants are unequal branches if they are equal.
    BrIfNeConstants = "br-if-ne-constants" Shape "4.6 Control Instructions" from "WebKit #44307" held;
    /// Two constants are compared as signed numbers by unsigned comparisons.
    CompareUnsignedConstants = "compare-unsigned-constants" Shape "4.3 Integer Operations" from "wasmer #6880" held;
    /// A call whose result goes to a local that is read behind the next `br_if` only is made behind that.
    CallBehindBrIf = "call-behind-br-if" Shape "4.6 Function Calls" from "binaryen #890" held;
    /// A load of fewer bytes than its type has is a whole one where its bits are taken for a float.
    NarrowLoadReinterpreted = "narrow-load-reinterpreted" Shape "4.6 Memory Instructions" from "binaryen #2123" held;
    /// A load without sign fills with the sign if its local is only used by operators whose results are extended.
    LoadSignThroughOperator = "load-sign-through-operator" Shape "4.6 Memory Instructions"
        from "binaryen #7069" held;
    /// `call_indirect` by a constant calls what the element segments put there, whatever `table.set` did.
    TableSetOverlooked = "table-set-overlooked" Shape "4.6 Function Calls" from "binaryen #4218" held;
    /// A short function that a loop calls finds in its locals what the call before left there.
    InlinedLocalsKept = "inlined-locals-kept" Shape "4.6 Function Calls" from "binaryen #1127" held;
    /// Where the bits of a block's result are taken for another type, all of the block but its last load is lost.
    ReinterpretedBlockLost = "reinterpreted-block-lost" Shape "4.3 Conversions" from "binaryen #2989" held;
    /// The index of an indirect call that is computed behind arguments in scattered locals is the first of them.
    IndirectIndexOverwritten = "indirect-index-overwritten" Shape "4.6 Function Calls" from "wasmi #768" held;
    /// A local whose bits are taken for another type is read after the `local.set` over which the result waits.
    ReinterpretedLocalLate = "reinterpreted-local-late" Shape "4.6 Variable Instructions" from "wasmi #831" held;
    /// Of a local that waits twice on the stack while it is written, the lower value is the new one.
    LocalTwiceLate = "local-twice-late" Shape "4.6 Variable Instructions" from "wasmi #786" held;
    /// A local that a shifted value is joined to and that gets the result counts for 0, in functions of at least 16
    /// locals.
    SelfUpdateOverwritten = "self-update-overwritten" Shape "4.3 Integer Operations" from "wago #187" held;
    /// A computed value that is shifted by what another variable shift gives is overwritten by that.
    NestedShiftOverwritten = "nested-shift-overwritten" Shape "4.3 Integer Operations" from "wago #670" held;
    /// A packed field that all structures begin with the same constant, and that is not written, gives all its bits.
    PackedConstantWhole = "packed-constant-whole" Shape "4.6 Aggregate Instructions" from "binaryen #5640" held;
    /// `and` by a constant is left out before `or` by a constant, whether or not they complement each other.
    AndOrConstants = "and-or-constants" Shape "4.3 Integer Operations" from "wasmtime #5682" held;
    /// A constant address that is not 0 traps in a memory whose maximum is 2^64 bytes.
    ConstantAddressFullMaximum = "constant-address-full-maximum" Shape "4.6 Memory Instructions"
        from "wasmi #1964" held;
    /// The sum of a constant 64-bit address and the static offset wraps.
    ConstantAddressWraps = "constant-address-wraps" Shape "4.6 Memory Instructions" from "binaryen #7057" held;
    /// A store is left out that one arm of the `if` behind it overwrites, if the other arm never ends.
    DeadStoreDivergent = "dead-store-divergent" Shape "4.6 Memory Instructions" from "wasmtime #14053" held;
    /// What both arms of an `if` compute of the same locals is computed in the first only.
    SiblingArmReused = "sibling-arm-reused" Shape "4.6 Control Instructions" from "wasmoon #101" held;
    /// `i32.trunc_f64_u` of numbers between 2^32 - 1 and 2^32 traps.
    TruncUTopFraction = "trunc-u-top-fraction" Numeric "4.3 Conversions" from "binaryen #2976" held;
    /// `i8x16.extract_lane_u` and `i16x8.extract_lane_u` leave the lanes beside in the high bits.
    ExtractLaneUHighBits = "extract-lane-u-high-bits" Vector "4.6 Vector Instructions" from "wizard-engine #648" held;
    /// `i32x4.trunc_sat_f32x4_s` and `i32x4.trunc_sat_f32x4_u` trap where the same of a number without `sat` would.
    TruncSatLanesTrap = "trunc-sat-lanes-trap" Vector "4.3 Vector Operations" from "simd #295" held;
    /// `memory.fill` takes the low halves of 64-bit addresses and lengths.
    MemoryFillAddressHalf = "memory-fill-address-half" Memory "4.6 Memory Instructions"
        from "wasm-micro-runtime #4689" held;
    /// `table.grow` of a table with 64-bit indices and a maximum from 2^63 on fails.
    TableGrowMaximumSigned = "table-grow-maximum-signed" Table "4.6 Table Instructions" from "wazy #49" held;
    /// The position of an active element segment keeps 32 bits.
    ElementOffsetHalf = "element-offset-half" Instantiation "4.7 Instantiation" from "wazy #49" held;
    /// A shared memory may be imported as one that is not shared.
    SharedMemoryImported = "shared-memory-imported" Instantiation "3.3 Import Matching" from "wago #670" held;
    /// A later instance of a module has the immutable imported globals of the first one.
    ImportedGlobalsOfFirst = "imported-globals-of-first" State "4.7 Instantiation" from "ChakraCore #2032" held;
    /// Indirect tail calls beyond the table, and tail calls of null, report what trapped last.
    TrapKindStale = "trap-kind-stale" State "4.6 Function Calls" from "zwasm #336" held;
    /// A handler that passes nothing and whose label is that of a loop leaves the loop.
    CatchLeavesLoop = "catch-leaves-loop" Exceptions "4.6 Control Instructions" from "zwasm #369" held;
    /// A tag that is imported twice is two tags.
    TagImportedTwice = "tag-imported-twice" Exceptions "4.6 Control Instructions"
        from "wasm-micro-runtime #3109" held;
    /// The null with which a local of an abstract type begins has no defined type.
    NullLocalAbstract = "null-local-abstract" Reference "4.6 Reference Instructions" from "WasmEdge #5343" held;
    /// `br_on_cast` of a local's null to a defined type that is unrelated to the local's does not branch, but traps.
    NullBranchUnrelated = "null-branch-unrelated" Gc "4.6 Control Instructions" from "binaryen #5403" held;
    /// The high half of a local vector does not begin with zeros.
    VectorLocalHigh = "vector-local-high" Variable "4.6 Function Calls" from "WebKit #51752" held;
    /// A table whose elements cannot be null needs no value to begin with.
    TableDefaultUnchecked = "table-default-unchecked" Validation "3.5 Tables" from "wasm3 #523" held;
    /// A `select` with types may have any number of them.
    SelectTypesUnchecked = "select-types-unchecked" Validation "3.4 Parametric Instructions" from "wabt #2708" held;
    /// The flags of limits may be a padded number.
    LimitsPaddedAccepted = "limits-padded-accepted" Decoding "5.3 Limits" from "wabt #1505" held;
}

impl Fault {
    /// The fault of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}
