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
    ($($(#[$doc:meta])* $variant:ident = $name:literal $chapter:ident $section:literal;)*) => {
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
}

impl Fault {
    /// The fault of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }
}
