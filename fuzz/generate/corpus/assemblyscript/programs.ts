// Programs in AssemblyScript: classes, strings, arrays and maps, on the language's own collected heap in linear memory.

let state: u64 = 0;

function next(): u64 {
  state += 0x9e3779b97f4a7c15;
  let bits = state;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

function mixed(hash: u64, value: u64): u64 {
  return rotl((hash ^ value) * 0x100000001b3, 23);
}

abstract class Figure {
  constructor(public name: string) {}
  abstract area(): f64;
  describe(): string { return this.name + ":" + i64(this.area()).toString(); }
}

class Square extends Figure {
  constructor(public side: f64) { super("square"); }
  area(): f64 { return this.side * this.side; }
}

class Disc extends Figure {
  constructor(public radius: f64) { super("disc"); }
  area(): f64 { return this.radius * this.radius * 3.25; }
  describe(): string { return "round " + super.describe(); }
}

// Virtual calls, strings that are made and thrown away.
export function figures(seed: u64, count: u32): u64 {
  state = seed;
  let hash: u64 = 0;
  let longest = "";
  for (let at: u32 = 0; at < count % 40; at++) {
    const size = f64(next() % 1000) / 4;
    const figure: Figure = next() & 1 ? new Square(size) : new Disc(size);
    const text = figure.describe();
    if (text.length > longest.length) longest = text;
    for (let letter = 0; letter < text.length; letter++) hash = mixed(hash, text.charCodeAt(letter));
  }
  return mixed(hash, longest.length);
}

// A map from strings to arrays.
export function index(seed: u64, count: u32): u64 {
  state = seed;
  const map = new Map<string, Array<u32>>();
  for (let at: u32 = 0; at < count % 80; at++) {
    const key = "k" + (next() % 12).toString();
    if (!map.has(key)) map.set(key, new Array<u32>());
    if (next() % 7 == 0) map.delete(key);
    else map.get(key).push(at);
  }
  let hash: u64 = map.size;
  const keys = map.keys();
  keys.sort();
  for (let at = 0; at < keys.length; at++) {
    const places = map.get(keys[at]);
    for (let place = 0; place < places.length; place++) hash = mixed(hash, places[place]);
  }
  return hash;
}

// Sorting with a closure-free comparison, and folding, over a typed array.
export function sorted(seed: u64, count: u32): f64 {
  state = seed;
  const numbers = new Float64Array(count % 64);
  for (let at = 0; at < numbers.length; at++) numbers[at] = f64(i64(next()) >> 40) / 16;
  numbers.sort((a, b) => (a > b ? 1 : a < b ? -1 : 0));
  return numbers.reduce((sum, number, at) => sum / 2 + number * f64(at % 3), 0.5);
}

// Numbers to text and back, in the language's own algorithms.
export function textual(number: f64, whole: i32): f64 {
  const bounded = isFinite(number) && abs(number) < 1e15 ? number : 12.5;
  return parseFloat(bounded.toString()) + f64(whole.toString(16).length) + f64(parseInt(whole.toString(), 10));
}
