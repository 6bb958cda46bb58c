;; Tags whose types are not alone in their group, or not final, imported under the same type.

(module $exporter
  (rec
    (type $first (func (param i32)))
    (type $second (func (param i64))))
  (type $open (sub (func (param f32))))
  (tag (export "second") (type $second))
  (tag (export "open") (type $open)))
(register "exporter" $exporter)
(module
  (rec
    (type $first (func (param i32)))
    (type $second (func (param i64))))
  (import "exporter" "second" (tag (type $second))))
(module
  (type $open (sub (func (param f32))))
  (import "exporter" "open" (tag (type $open))))
(assert_unlinkable
  (module (import "exporter" "second" (tag (param i64))))
  "incompatible import type")
