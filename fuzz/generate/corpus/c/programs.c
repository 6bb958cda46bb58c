// Programs in C whose results are one number each. Without a library: what it needs it brings along.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#define EXPORT(name) __attribute__((export_name(name)))

static u64 state;

static u64 next(void) {
    state += 0x9e3779b97f4a7c15ull;
    u64 bits = state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ull;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebull;
    return bits ^ (bits >> 31);
}

static u64 mixed(u64 hash, u64 value) {
    hash = (hash ^ value) * 0x100000001b3ull;
    return hash << 23 | hash >> 41;
}

// A comparison is a function behind a pointer: calls through a table.
typedef int (*compare)(const u32 *, const u32 *);

static int up(const u32 *a, const u32 *b) { return (*a > *b) - (*a < *b); }
static int down(const u32 *a, const u32 *b) { return up(b, a); }
static int by_low_bits(const u32 *a, const u32 *b) { return (int)(*a & 255) - (int)(*b & 255); }
static int as_signed(const u32 *a, const u32 *b) { return ((int)*a > (int)*b) - ((int)*a < (int)*b); }
static const compare orders[4] = {up, down, by_low_bits, as_signed};

static u32 items[256];

static void quick(u32 *from, u32 *to, compare order) {
    while (to - from > 1) {
        u32 pivot = from[(to - from) / 2], *low = from, *high = to - 1;
        while (low <= high) {
            while (order(low, &pivot) < 0) low++;
            while (order(high, &pivot) > 0) high--;
            if (low <= high) {
                u32 other = *low;
                *low++ = *high;
                *high-- = other;
            }
        }
        if (high + 1 - from < to - low) {
            quick(from, high + 1, order);
            from = low;
        } else {
            quick(low, to, order);
            to = high + 1;
        }
    }
}

EXPORT("quicksort") u64 quicksort(u64 seed, u32 size, u32 which) {
    state = seed;
    size %= 256;
    for (u32 at = 0; at < size; at++) items[at] = (u32)next() >> (at % 25);
    quick(items, items + size, orders[which % 4]);
    u64 hash = size;
    for (u32 at = 0; at < size; at++) hash = mixed(hash, which % 4 == 2 ? items[at] & 255 : items[at]);
    return hash;
}

EXPORT("crc32") u32 crc32(u64 seed, u32 length) {
    static u32 table[256];
    if (!table[1])
        for (u32 at = 0; at < 256; at++) {
            u32 bits = at;
            for (int step = 0; step < 8; step++) bits = bits & 1 ? bits >> 1 ^ 0xedb88320u : bits >> 1;
            table[at] = bits;
        }
    state = seed;
    u32 crc = ~0u;
    for (u32 at = 0; at < length % 2000; at++) crc = table[(crc ^ (u8)next()) & 255] ^ crc >> 8;
    return ~crc;
}

struct body { double x, y, z, vx, vy, vz, mass; };

EXPORT("bodies") double bodies(double mass, u32 steps) {
    struct body all[4] = {{0, 0, 0, 0, 0, 0, 39.5},
                          {4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037},
                          {8.34, 4.12, -0.4, -1.01, 1.82, 0.008, 0.011},
                          {12.9, -15.1, -0.22, 1.08, 0.86, -0.01, 0}};
    all[3].mass = mass;
    for (u32 step = 0; step < steps % 60; step++) {
        for (int i = 0; i < 4; i++)
            for (int j = i + 1; j < 4; j++) {
                double dx = all[i].x - all[j].x, dy = all[i].y - all[j].y, dz = all[i].z - all[j].z;
                double square = dx * dx + dy * dy + dz * dz;
                double pull = 0.01 / (square * __builtin_sqrt(square));
                all[i].vx -= dx * all[j].mass * pull, all[j].vx += dx * all[i].mass * pull;
                all[i].vy -= dy * all[j].mass * pull, all[j].vy += dy * all[i].mass * pull;
                all[i].vz -= dz * all[j].mass * pull, all[j].vz += dz * all[i].mass * pull;
            }
        for (int i = 0; i < 4; i++) all[i].x += 0.01 * all[i].vx, all[i].y += 0.01 * all[i].vy, all[i].z += 0.01 * all[i].vz;
    }
    double energy = 0;
    for (int i = 0; i < 4; i++)
        energy += 0.5 * all[i].mass * (all[i].vx * all[i].vx + all[i].vy * all[i].vy + all[i].vz * all[i].vz);
    return energy;
}

EXPORT("life") u64 life(u64 first, u64 second, u32 turns) {
    u64 rows[8];
    for (int at = 0; at < 8; at++) rows[at] = (at & 1 ? second : first) * (2u * at + 1);
    for (u32 turn = 0; turn < turns % 16; turn++) {
        u64 after[8];
        for (int y = 0; y < 8; y++) {
            after[y] = 0;
            for (int x = 0; x < 64; x++) {
                int count = 0;
                for (int dy = -1; dy <= 1; dy++)
                    for (int dx = -1; dx <= 1; dx++)
                        if (dy || dx) count += rows[(y + dy) & 7] >> ((x + dx) & 63) & 1;
                after[y] |= (u64)(count == 3 || (count == 2 && rows[y] >> x & 1)) << x;
            }
        }
        for (int y = 0; y < 8; y++) rows[y] = after[y];
    }
    u64 hash = 0;
    for (int y = 0; y < 8; y++) hash = mixed(hash, rows[y]);
    return hash;
}

// A tree of expressions on a small heap of its own, made, changed and worked out.
struct node { u8 kind; struct node *left, *right; i64 value; };
static struct node heap[400];
static u32 used;

static struct node *grow(u32 depth) {
    struct node *made = &heap[used++];
    made->value = (i64)next() >> (next() & 63);
    made->kind = depth == 0 || used > 380 ? 0 : (u8)(1 + next() % 6);
    if (made->kind) {
        made->left = grow(depth - 1);
        made->right = used > 390 ? made->left : grow(depth - 1);
    }
    return made;
}

static i64 work_out(const struct node *from) {
    i64 left = from->kind ? work_out(from->left) : 0, right = from->kind ? work_out(from->right) : 0;
    switch (from->kind) {
    case 0: return from->value;
    case 1: return (i64)((u64)left + (u64)right);
    case 2: return (i64)((u64)left * (u64)right);
    case 3: return right == 0 || right == -1 ? left : left / right;
    case 4: return right == 0 || right == -1 ? right : left % right;
    case 5: return left < right ? left : right;
    default: return (i64)((u64)left >> (right & 63)) ^ right << (left & 7);
    }
}

EXPORT("tree") i64 tree(u64 seed, u32 depth) {
    state = seed;
    used = 0;
    return work_out(grow(depth % 8));
}

// Arguments on the stack in memory, of all widths.
static u64 gathered(u32 count, ...) {
    __builtin_va_list list;
    __builtin_va_start(list, count);
    u64 hash = count;
    for (u32 at = 0; at < count; at++) switch (at % 4) {
        case 0: hash = mixed(hash, __builtin_va_arg(list, u32)); break;
        case 1: hash = mixed(hash, __builtin_va_arg(list, u64)); break;
        case 2: hash = mixed(hash, (u64)(i64)(__builtin_va_arg(list, double) / 3)); break;
        default: hash = mixed(hash, __builtin_va_arg(list, u32)); break;
        }
    __builtin_va_end(list);
    return hash;
}

EXPORT("variadic") u64 variadic(u32 a, u64 b, float c, signed char d) {
    float bounded = c > -1e6f && c < 1e6f ? c : 1;
    return gathered(4, a, b, (double)bounded, (u32)d) ^ gathered(7, (u32)d, b + a, (double)bounded * 2, a, ~a, ~b, 0.5);
}

// Eight lanes of sixteen bits: with vectors switched on the compiler makes vector instructions of it.
EXPORT("blur") u64 blur(u64 seed, u32 passes) {
    static short image[16][16], other[16][16];
    state = seed;
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 16; x++) image[y][x] = (short)next();
    for (u32 pass = 0; pass < passes % 6; pass++) {
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++) other[y][x] = (short)((image[y][x] + image[(y + 1) & 15][x] * 3 - image[(y - 1) & 15][x]) >> 2);
        for (int y = 0; y < 16; y++)
            for (int x = 0; x < 16; x++) image[y][x] = other[y][x] > 16000 ? 16000 : other[y][x];
    }
    u64 hash = 0;
    for (int y = 0; y < 16; y++)
        for (int x = 0; x < 16; x++) hash = mixed(hash, (u64)image[y][x]);
    return hash;
}

// What the compiler itself may call.
void *memset(void *to, int byte, unsigned long count) {
    volatile u8 *at = to;
    while (count--) *at++ = (u8)byte;
    return to;
}

void *memcpy(void *to, const void *from, unsigned long count) {
    volatile u8 *at = to;
    const u8 *source = from;
    while (count--) *at++ = *source++;
    return to;
}
