/* Texts to scores without ever building a matrix: what rejectnlp.scorer does, compiled.
 *
 * A text is split at white space into tokens. All that depends on a token alone is looked up
 * once and remembered: its words, its character n-grams, and the sum of their rows of the
 * weight matrix as if each stood in the text once. A sentence is then a run of token numbers.
 * The sums of its tokens are added, and put right for the n-grams that stand in it more than
 * once, whose sublinear weight 1 + log(c) is less than c. The whole text adds the sums of its
 * sentences and puts them right in the same way. Squared lengths run along.
 *
 * The numbers are those of rejectnlp.scorer and of scikit-learn but for the order of the
 * sums. What characters are (white space, word, lower case) comes in a table made by Python,
 * so both agree on every character of it; a text with any other one is handed back, marked
 * `hard`, and Python scores it.
 *
 * No Python header is needed: rejectnlp.scoring.compiled calls this through ctypes, which releases the
 * interpreter lock. A `Model` never changes once built and may be shared by threads; a
 * `Session` belongs to one thread at a time. Nothing is global.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__)
/* The wide registers where the processor has them; products are never fused
 * (-ffp-contract=off), so that every processor gives the same numbers. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif
enum {
    AHEAD = 16,   /* rows asked for before they are needed: memory is slower than sums */
    LANES = 16,  /* outputs added side by side: 13 causes, evidence and IDF fit */
    N_LOGS = 256, /* counts whose logarithm is kept */
    SPARE = 8    /* bytes behind strings */
};

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t i32;
typedef int64_t i64;

/* ------------------------------------------------------------------ characters */

enum { SPACE = 1, WORD = 2, DECIMAL = 4, ALPHA = 8, QUOTE = 16, HARD = 32, STOP = 64 };

typedef struct {
    const u32 *starts, *sizes; /* ranges of code points the table covers, ASCII first */
    i32 n_ranges;
    const u32 *lower; /* of each covered code point */
    const u8 *flags;
} Characters;

static inline i64 place(const Characters *c, u32 cp) {
    if (cp < 128) return cp;
    i64 base = 0;
    for (i32 r = 0; r < c->n_ranges; r++) {
        if (cp >= c->starts[r] && cp - c->starts[r] < c->sizes[r]) return base + (cp - c->starts[r]);
        base += c->sizes[r];
    }
    return -1;
}

static inline u32 decode(const u8 *s, i64 *at) {
    const u8 *p = s + *at;
    if (p[0] < 0x80) { *at += 1; return p[0]; }
    if (p[0] < 0xE0) { *at += 2; return (u32)(p[0] & 0x1F) << 6 | (p[1] & 0x3F); }
    if (p[0] < 0xF0) {
        *at += 3;
        return (u32)(p[0] & 0x0F) << 12 | (u32)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    }
    *at += 4;
    return (u32)(p[0] & 0x07) << 18 | (u32)(p[1] & 0x3F) << 12 | (u32)(p[2] & 0x3F) << 6 |
           (p[3] & 0x3F);
}

static inline int is_stop(u32 c) { return c == '.' || c == '!' || c == '?' || c == 0x2026; }

static inline i32 encode(u32 cp, u8 *out) {
    if (cp < 0x80) { out[0] = (u8)cp; return 1; }
    if (cp < 0x800) { out[0] = (u8)(0xC0 | cp >> 6); out[1] = (u8)(0x80 | (cp & 0x3F)); return 2; }
    if (cp < 0x10000) {
        out[0] = (u8)(0xE0 | cp >> 12);
        out[1] = (u8)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (u8)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (u8)(0xF0 | cp >> 18);
    out[1] = (u8)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (u8)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (u8)(0x80 | (cp & 0x3F));
    return 4;
}

/* ------------------------------------------------------------------ growing arrays */

static int grow(void **data, i64 *capacity, i64 needed, size_t size) {
    if (needed <= *capacity) return 0;
    i64 larger = *capacity ? *capacity : 64;
    while (larger < needed) larger *= 2;
    void *moved = realloc(*data, (size_t)larger * size);
    if (!moved) return -1;
    *data = moved;
    *capacity = larger;
    return 0;
}

#define ROOM(array, n) (grow((void **)&(array).at, &(array).capacity, (n), sizeof *(array).at))
#define ARRAY(type) struct { type *at; i64 n, capacity; }

/* ------------------------------------------------------------------ exact string tables */

static u64 mix(u64 h) {
    h ^= h >> 32;
    h *= 0xE9846AF9B1A615DULL;
    h ^= h >> 32;
    h *= 0xE9846AF9B1A615DULL;
    return h ^ h >> 28;
}

/* The first bytes of a string, at most eight. Every buffer of strings ends with SPARE bytes
 * that may be read, so that no byte is read by itself. */
static inline u64 head_of(const u8 *s, i64 n) {
    u64 w;
    memcpy(&w, s, 8);
    return n < 8 ? w & ~(~0ULL << 8 * n) : w;
}

static inline u64 hash_bytes(const u8 *s, i64 n, u64 seed) {
    u64 h = seed ^ (u64)n * 0x9E3779B97F4A7C15ULL;
    for (; n >= 8; s += 8, n -= 8) h = mix(h ^ head_of(s, 8));
    return mix(h ^ head_of(s, n));
}

/* Open addressing; a slot holds number + 1, and the string behind it is compared in full. */
typedef struct {
    u32 *slots;
    u64 mask;
} Table;

static int make_table(Table *t, i64 n) {
    u64 size = 64;
    while (size < (u64)n * 2) size *= 2;
    t->slots = calloc(size, sizeof(u32));
    t->mask = size - 1;
    return t->slots ? 0 : -1;
}

typedef struct { /* strings by number: bytes[ends[i - 1] .. ends[i]) */
    const u8 *bytes;
    const i64 *ends;
} Strings;

static i64 find_string(const Table *t, const Strings *s, const u8 *key, i64 n, u64 seed) {
    for (u64 i = hash_bytes(key, n, seed) & t->mask; t->slots[i]; i = (i + 1) & t->mask) {
        i64 number = t->slots[i] - 1, start = number ? s->ends[number - 1] : 0;
        if (s->ends[number] - start == n && !memcmp(s->bytes + start, key, (size_t)n)) return number;
    }
    return -1;
}

static void add_number(Table *t, u64 hash, i64 number) {
    u64 i = hash & t->mask;
    while (t->slots[i]) i = (i + 1) & t->mask;
    t->slots[i] = (u32)number + 1;
}

static void add_string(Table *t, const u8 *key, i64 n, i64 number, u64 seed) {
    add_number(t, hash_bytes(key, n, seed), number);
}

/* ------------------------------------------------------------------ the model */

typedef struct { u64 key; i64 row; } Pair;

typedef struct {
    i32 n_outputs, stride; /* causes + evidence; with IDF, padded to whole cache lines */
    i32 longest_sentence, fewest_words, fewest_known_words;
    i32 shortest_chars, longest_chars;
    i64 n_words, n_chars;
    double damping[2], share_known, *intercepts;
    float *weights; /* n_rows x stride; see `row_of` */
    u8 *word_bytes, *char_bytes, *list_bytes;
    i64 *word_ends, *char_ends, *list_ends;
    i64 n_abbreviations, n_common; /* the list: abbreviations, then common English words */
    Strings words, chars, list;
    Table word_table, char_table, common_table;
    i32 *part_row; /* row of a word that stands alone in the vocabulary, or -1 */
    Pair *pairs; /* open addressing; an empty slot has row -1 */
    u64 pair_mask;
    Strings parts; /* single words, also those that stand in pairs only */
    u8 *part_bytes;
    i64 *part_ends, n_parts;
    Table part_table;
    Characters characters;
    u32 *range_starts, *range_sizes, *lower;
    u8 *flags;
    double logs[N_LOGS];
    u64 seed;
} Model;

typedef struct {
    double damping[2];
    i64 n_words, n_chars, n_abbreviations, n_common;
    u64 seed;
    double share_known;
    i32 n_outputs, longest_sentence, fewest_words, fewest_known_words;
    i32 shortest_chars, longest_chars, n_ranges;
} Sizes;

static void *copy_of(const void *from, size_t n) {
    void *to = calloc(1, n + SPARE);
    if (to && n) memcpy(to, from, n);
    return to;
}

void rn_free_model(Model *m) {
    if (!m) return;
    free(m->intercepts); free(m->weights);
    free(m->word_bytes); free(m->char_bytes); free(m->list_bytes);
    free(m->word_ends); free(m->char_ends); free(m->list_ends);
    free(m->word_table.slots); free(m->char_table.slots); free(m->common_table.slots);
    free(m->part_row); free(m->pairs);
    free(m->part_bytes); free(m->part_ends); free(m->part_table.slots);
    free(m->range_starts); free(m->range_sizes); free(m->lower); free(m->flags);
    free(m);
}

static inline u64 pair_key(i64 before, i64 word) { return (u64)before << 32 | (u64)word; }

static inline u64 first_slot(const Model *m, u64 key) { return mix(key ^ m->seed) & m->pair_mask; }

static inline Pair *find_pair(const Model *m, u64 slot, u64 key) {
    while (m->pairs[slot].row >= 0 && m->pairs[slot].key != key) slot = (slot + 1) & m->pair_mask;
    return m->pairs + slot;
}

static i64 intern_part(Model *m, const u8 *s, i64 n) {
    i64 number = find_string(&m->part_table, &m->parts, s, n, m->seed);
    if (number >= 0) return number;
    number = m->n_parts++;
    i64 start = number ? m->part_ends[number - 1] : 0;
    memcpy(m->part_bytes + start, s, (size_t)n);
    m->part_ends[number] = start + n;
    m->part_row[number] = -1;
    add_string(&m->part_table, s, n, number, m->seed);
    return number;
}

/* Take the vocabulary of words apart: single words get numbers, pairs a key of two numbers. */
static int index_words(Model *m) {
    i64 bytes = m->n_words ? m->word_ends[m->n_words - 1] : 0;
    m->part_bytes = calloc(1, (size_t)bytes + 1 + SPARE);
    m->part_ends = malloc(sizeof(i64) * (size_t)(2 * m->n_words + 1));
    m->part_row = malloc(sizeof(i32) * (size_t)(2 * m->n_words + 1));
    i64 n_pairs = 0;
    for (i64 i = 0; i < bytes; i++) n_pairs += m->word_bytes[i] == ' ';
    m->pair_mask = 63;
    while (m->pair_mask < (u64)n_pairs * 2) m->pair_mask = m->pair_mask * 2 + 1;
    m->pairs = malloc(sizeof(Pair) * (m->pair_mask + 1));
    if (!m->part_bytes || !m->part_ends || !m->part_row || !m->pairs ||
        make_table(&m->part_table, 2 * m->n_words))
        return -1;
    for (u64 i = 0; i <= m->pair_mask; i++) m->pairs[i].row = -1;
    m->parts = (Strings){m->part_bytes, m->part_ends};
    for (i64 row = 0; row < m->n_words; row++) {
        i64 start = row ? m->word_ends[row - 1] : 0, n = m->word_ends[row] - start;
        const u8 *s = m->word_bytes + start, *gap = memchr(s, ' ', (size_t)n);
        if (!gap) {
            m->part_row[intern_part(m, s, n)] = (i32)row;
            continue;
        }
        i64 before = intern_part(m, s, gap - s), word = intern_part(m, gap + 1, s + n - gap - 1);
        u64 key = pair_key(before, word);
        *find_pair(m, first_slot(m, key), key) = (Pair){key, row};
    }
    return 0;
}

Model *rn_make_model(const Sizes *z, const double *intercepts, const double *idf,
                     const float *weights, const u8 *word_bytes, const i64 *word_ends,
                     const u8 *char_bytes, const i64 *char_ends, const u8 *list_bytes,
                     const i64 *list_ends, const u32 *range_starts, const u32 *range_sizes,
                     const u32 *lower, const u8 *flags) {
    Model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    i64 n_rows = z->n_words + z->n_chars, n_list = z->n_abbreviations + z->n_common, covered = 0;
    for (i32 r = 0; r < z->n_ranges; r++) covered += range_sizes[r];
    m->n_outputs = z->n_outputs;
    m->stride = (z->n_outputs + 2 + LANES - 1) / LANES * LANES;
    m->longest_sentence = z->longest_sentence;
    m->fewest_words = z->fewest_words;
    m->fewest_known_words = z->fewest_known_words;
    m->shortest_chars = z->shortest_chars;
    m->longest_chars = z->longest_chars;
    m->n_words = z->n_words;
    m->n_chars = z->n_chars;
    m->n_abbreviations = z->n_abbreviations;
    m->n_common = z->n_common;
    m->damping[0] = z->damping[0];
    m->damping[1] = z->damping[1];
    m->seed = z->seed;
    m->share_known = z->share_known;
    m->intercepts = copy_of(intercepts, sizeof(double) * (size_t)z->n_outputs);
    m->word_ends = copy_of(word_ends, sizeof(i64) * (size_t)z->n_words);
    m->char_ends = copy_of(char_ends, sizeof(i64) * (size_t)z->n_chars);
    m->list_ends = copy_of(list_ends, sizeof(i64) * (size_t)n_list);
    m->word_bytes = copy_of(word_bytes, z->n_words ? (size_t)word_ends[z->n_words - 1] : 0);
    m->char_bytes = copy_of(char_bytes, z->n_chars ? (size_t)char_ends[z->n_chars - 1] : 0);
    m->list_bytes = copy_of(list_bytes, n_list ? (size_t)list_ends[n_list - 1] : 0);
    m->range_starts = copy_of(range_starts, sizeof(u32) * (size_t)z->n_ranges);
    m->range_sizes = copy_of(range_sizes, sizeof(u32) * (size_t)z->n_ranges);
    m->lower = copy_of(lower, sizeof(u32) * (size_t)covered);
    m->flags = copy_of(flags, (size_t)covered);
    m->weights = aligned_alloc(64, sizeof(float) * (size_t)((n_rows + 1) * m->stride));
    if (!m->intercepts || !m->word_ends || !m->char_ends || !m->list_ends ||
        !m->word_bytes || !m->char_bytes || !m->list_bytes || !m->range_starts ||
        !m->range_sizes || !m->lower || !m->flags || !m->weights ||
        make_table(&m->char_table, z->n_chars) || make_table(&m->common_table, z->n_common) ||
        index_words(m)) {
        rn_free_model(m);
        return NULL;
    }
    memset(m->weights, 0, sizeof(float) * (size_t)((n_rows + 1) * m->stride));
    for (i64 r = 0; r < n_rows; r++) {
        float *row = m->weights + r * m->stride;
        memcpy(row, weights + r * z->n_outputs, sizeof(float) * (size_t)z->n_outputs);
        row[m->stride - 2] = (float)idf[r];
        row[m->stride - 1] = (float)(idf[r] - (double)row[m->stride - 2]);
    }
    for (i32 r = 0, i = 0; r < z->n_ranges; r++)
        for (u32 cp = range_starts[r]; cp < range_starts[r] + range_sizes[r]; cp++, i++)
            if (cp == '\n' || is_stop(cp)) m->flags[i] |= STOP;
    m->characters = (Characters){m->range_starts, m->range_sizes, z->n_ranges, m->lower, m->flags};
    m->chars = (Strings){m->char_bytes, m->char_ends};
    m->list = (Strings){m->list_bytes, m->list_ends};
    for (i64 i = 0; i < z->n_chars; i++) {
        i64 start = i ? char_ends[i - 1] : 0;
        add_string(&m->char_table, m->char_bytes + start, char_ends[i] - start, i, m->seed);
    }
    for (i64 i = z->n_abbreviations; i < n_list; i++) {
        i64 start = i ? list_ends[i - 1] : 0;
        add_string(&m->common_table, m->list_bytes + start, list_ends[i] - start, i, m->seed);
    }
    for (int n = 1; n < N_LOGS; n++) m->logs[n] = 1.0 + log((double)n);
    return m;
}

/* ------------------------------------------------------------------ a thread's own memory */

typedef struct { i32 number, row; } Known; /* a word's number and its own row; -1 where unknown */

typedef struct {
    u64 head;            /* its first eight bytes: short ones are told by it */
    i32 text, text_size; /* its bytes in the session's `memo_bytes` */
    Known first_word;
    i32 word, n_words;   /* its words in `memo_words`, the first included */
    i32 gram, n_grams;   /* rows in `memo_grams`; a repeated n-gram stands there again */
    i32 n_told, n_known; /* words for `note`: all, and common English ones */
} Token;                 /* the sum of its n-grams stands in `memo_sums`, by its number */

typedef struct { Known known; u64 slot; } Word; /* and where its pair with the one before may be */
typedef struct { i32 first, n; i64 token; u64 hash; } Stop; /* a token where it stands */
typedef struct { i32 start, end; i64 token, n_tokens; } Stretch;

/* Rows of one block of n-grams, words or characters, in the order they were met. */
typedef struct { u32 *rows; i64 n; } Met;

typedef struct { u32 own, whole; } Cell; /* how often a row stands in the sentence, in the text */

typedef struct { u32 row, n; } Repeated;
enum { WORDS, CHARS }; /* the blocks */

typedef struct {
    const Model *model;
    /* the memory of tokens */
    Table memo;
    i64 n_slots;
    ARRAY(Token) tokens;
    ARRAY(u8) memo_bytes;
    ARRAY(Known) memo_words;
    ARRAY(u32) memo_grams;
    ARRAY(double) memo_sums;
    i64 most_tokens, most_grams;
    /* the text at hand */
    ARRAY(u32) cps;      /* code points as they stand */
    ARRAY(u8) cp_flags;  /* of the lower-cased code points */
    ARRAY(u8) bytes;     /* normalised, UTF-8 */
    ARRAY(i32) byte_at;  /* of each code point */
    ARRAY(i32) stops;    /* places of what may end a sentence */
    ARRAY(Stop) run;
    ARRAY(Word) words;
    ARRAY(u32) met_words;
    ARRAY(Stretch) stretches;
    /* counts */
    Cell *cells;
    Met own[2], all[2];
    Repeated *repeated;
    double *sums; /* of the sentence, then of the text; words, then characters */
    /* results of the last batch */
    ARRAY(i32) spans;
    ARRAY(double) parts;
} Session;

void rn_free_session(Session *s) {
    if (!s) return;
    free(s->memo.slots); free(s->tokens.at); free(s->memo_bytes.at); free(s->memo_words.at);
    free(s->memo_grams.at); free(s->cps.at); free(s->cp_flags.at); free(s->bytes.at);
    free(s->byte_at.at); free(s->stops.at); free(s->run.at); free(s->words.at); free(s->met_words.at);
    free(s->stretches.at);
    free(s->memo_sums.at); free(s->cells); free(s->sums); free(s->repeated);
    for (int b = 0; b < 2; b++) { free(s->own[b].rows); free(s->all[b].rows); }
    free(s->spans.at); free(s->parts.at);
    free(s);
}

Session *rn_make_session(const Model *m, i64 most_tokens, i64 most_grams) {
    Session *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->model = m;
    s->most_tokens = most_tokens;
    s->most_grams = most_grams;
    size_t n_rows[2] = {(size_t)m->n_words + 1, (size_t)m->n_chars + 1};
    s->cells = calloc(n_rows[0] + n_rows[1], sizeof(Cell));
    s->sums = malloc(sizeof(double) * (size_t)(4 * m->stride));
    s->repeated = malloc((n_rows[0] + n_rows[1]) * sizeof(Repeated));
    int failed = !s->cells || !s->sums || !s->repeated || make_table(&s->memo, 4096);
    for (int b = 0; b < 2; b++) {
        s->own[b].rows = malloc(n_rows[b] * sizeof(u32));
        s->all[b].rows = malloc(n_rows[b] * sizeof(u32));
        failed |= !s->own[b].rows || !s->all[b].rows;
    }
    if (failed) {
        rn_free_session(s);
        return NULL;
    }
    return s;
}

i64 rn_n_remembered(const Session *s) { return s->tokens.n; }

static void forget(Session *s) {
    memset(s->memo.slots, 0, (size_t)(s->memo.mask + 1) * sizeof(u32));
    s->tokens.n = s->memo_bytes.n = s->memo_words.n = s->memo_grams.n = s->memo_sums.n = 0;
}

/* ------------------------------------------------------------------ sums */

/* A row of the matrix fills whole cache lines: a weight for each output, nothing, and in the
 * last two places its IDF in two halves, so that one read of memory brings all of it. A sum
 * has the same places; in its last one the squared length runs along. */

enum { WIDTH = 4, PARTS = LANES / WIDTH };
typedef double Doubles __attribute__((vector_size(WIDTH * sizeof(double))));
typedef float Floats __attribute__((vector_size(WIDTH * sizeof(float))));

static inline const float *row_of(const Model *m, u32 row) {
    return m->weights + (i64)row * m->stride;
}

static inline double idf_of(const Model *m, const float *row) {
    return (double)row[m->stride - 2] + (double)row[m->stride - 1];
}

static inline void add_row(Doubles *sum, double by, const float *row) {
    for (i32 p = 0; p < PARTS; p++) {
        Floats narrow;
        memcpy(&narrow, row + p * WIDTH, sizeof narrow);
        sum[p] += by * __builtin_convertvector(narrow, Doubles);
    }
}

/* Add what ran together in the lanes from one on; what stood in the last two is no sum. */
static inline void add_lanes(const Model *m, const Doubles *lanes, i32 from, double squares,
                             double *sum) {
    double flat[LANES];
    memcpy(flat, lanes, sizeof flat);
    if (from + LANES == m->stride) {
        flat[LANES - 2] = 0;
        flat[LANES - 1] = squares;
    }
    for (i32 j = 0; j < LANES; j++) sum[from + j] += flat[j];
}

/* Add rows, each as often as it is listed, weighed by IDF alone. */
WIDE static void add_rows(const Model *m, const u32 *rows, i64 n, double *sum) {
    for (i32 from = 0; from < m->stride; from += LANES) {
        Doubles lanes[PARTS] = {{0}};
        double squares = 0;
        for (i64 i = 0; i < n; i++) {
            if (i + AHEAD < n) PREFETCH(row_of(m, rows[i + AHEAD]) + from);
            const float *row = row_of(m, rows[i]);
            double idf = idf_of(m, row);
            squares += idf * idf;
            add_row(lanes, idf, row + from);
        }
        add_lanes(m, lanes, from, squares, sum);
    }
}

/* Put right what rows met more than once add up to: 1 + log(c) times instead of c times. */
WIDE static void put_right(const Model *m, const Repeated *rows, i64 n, double *sum) {
    for (i32 from = 0; from < m->stride; from += LANES) {
        Doubles lanes[PARTS] = {{0}};
        double squares = 0;
        for (i64 i = 0; i < n; i++) {
            if (i + AHEAD < n) PREFETCH(row_of(m, rows[i + AHEAD].row) + from);
            const float *row = row_of(m, rows[i].row);
            double idf = idf_of(m, row), c = rows[i].n;
            double tf = c < N_LOGS ? m->logs[rows[i].n] : 1.0 + log(c);
            squares += (tf * tf - c) * idf * idf;
            add_row(lanes, (tf - c) * idf, row + from);
        }
        add_lanes(m, lanes, from, squares, sum);
    }
}

/* Add the sums of tokens. */
WIDE static void add_tokens(const double *sums, i32 stride, const Stop *run, i64 n, double *sum) {
    for (i32 from = 0; from < stride; from += LANES) {
        Doubles lanes[PARTS] = {{0}}, own[PARTS];
        for (i64 i = 0; i < n; i++) {
            memcpy(own, sums + run[i].token * stride + from, sizeof own);
            for (i32 p = 0; p < PARTS; p++) lanes[p] += own[p];
        }
        memcpy(own, sum + from, sizeof own);
        for (i32 p = 0; p < PARTS; p++) own[p] += lanes[p];
        memcpy(sum + from, own, sizeof own);
    }
}

/* ------------------------------------------------------------------ tokens */

/* Words of two letters or more, as rejectnlp.normalisation has them. */
static int learn_words(Session *s, const u8 *flags, const u8 *bytes, const i32 *at, i64 n) {
    const Model *m = s->model;
    for (i64 i = 0; i < n;) {
        if (!(flags[i] & WORD)) { i++; continue; }
        i64 j = i + 1;
        while (j < n && flags[j] & WORD) j++;
        if (j > i + 1) {
            i64 number = find_string(&m->part_table, &m->parts, bytes + at[i] - at[0],
                                     at[j] - at[i], m->seed);
            if (ROOM(s->memo_words, s->memo_words.n + 1)) return -1;
            s->memo_words.at[s->memo_words.n++] =
                (Known){(i32)number, number < 0 ? -1 : m->part_row[number]};
        }
        i = j;
    }
    return 0;
}

/* Character n-grams of the padded token, as scikit-learn's `char_wb` gives them. */
static int learn_grams(Session *s, const u8 *padded, const i32 *at, i64 n) {
    const Model *m = s->model; /* n code points with the padding; at[n] is the end */
    for (i64 size = m->shortest_chars; size <= m->longest_chars; size++) {
        i64 width = size < n ? size : n;
        for (i64 i = 0; i + width <= n; i++) {
            i64 number = find_string(&m->char_table, &m->chars, padded + at[i],
                                     at[i + width] - at[i], m->seed);
            if (number < 0) continue;
            if (ROOM(s->memo_grams, s->memo_grams.n + 1)) return -1;
            s->memo_grams.at[s->memo_grams.n++] = (u32)(m->n_words + number);
        }
        if (size >= n) break; /* a token shorter than the n-gram counts once, by itself */
    }
    return 0;
}

/* Words that begin with a letter, as rejectnlp.accounts.note_text counts them. */
static void count_told(const Session *s, Token *t, const u8 *flags, const u8 *bytes, const i32 *at,
                       i64 n) {
    const Model *m = s->model;
    for (i64 i = 0; i < n;) {
        if (!(flags[i] & WORD) || (flags[i] & DECIMAL) || bytes[at[i] - at[0]] == '_') { i++; continue; }
        i64 first = i;
        while (i < n && (flags[i] & (WORD | QUOTE))) i++;
        t->n_told++;
        t->n_known += find_string(&m->common_table, &m->list, bytes + at[first] - at[0],
                                  at[i] - at[first], m->seed) >= 0;
    }
}

static int enlarge_memo(Session *s) {
    Table larger;
    if (make_table(&larger, (i64)(s->memo.mask + 1))) return -1;
    for (i64 i = 0; i < s->tokens.n; i++)
        add_string(&larger, s->memo_bytes.at + s->tokens.at[i].text, s->tokens.at[i].text_size, i,
                   s->model->seed);
    free(s->memo.slots);
    s->memo = larger;
    return 0;
}

static i64 learn_token(Session *s, i64 first, i64 n, u64 hash) {
    /* `first` and `n`: the code points of the token in the text at hand. */
    if (ROOM(s->tokens, s->tokens.n + 1)) return -1;
    const i32 *at = s->byte_at.at + first;
    const u8 *bytes = s->bytes.at + at[0];
    i64 size = at[n] - at[0], number = s->tokens.n, stride = s->model->stride;
    if (ROOM(s->memo_bytes, s->memo_bytes.n + size + SPARE)) return -1;
    if (ROOM(s->memo_sums, s->memo_sums.n + stride)) return -1;
    Token t = {.head = head_of(bytes, size), .text = (i32)s->memo_bytes.n, .text_size = (i32)size,
               .first_word = {-1, -1}, .word = (i32)s->memo_words.n, .gram = (i32)s->memo_grams.n};
    memcpy(s->memo_bytes.at + t.text, bytes, (size_t)size);
    u8 *padded = calloc(1, (size_t)size + 2 + SPARE);
    i32 *places = malloc(sizeof(i32) * (size_t)(n + 3));
    int failed = !padded || !places || learn_words(s, s->cp_flags.at + first, bytes, at, n);
    if (!failed) {
        padded[0] = padded[size + 1] = ' ';
        memcpy(padded + 1, bytes, (size_t)size);
        i64 n_places = 0;
        places[n_places++] = 0;
        for (i64 i = 0; i < n; i++) /* what was left out has no bytes */
            if (at[i + 1] > at[i]) places[n_places++] = at[i] - at[0] + 1;
        places[n_places++] = (i32)size + 1;
        places[n_places] = (i32)size + 2;
        failed = learn_grams(s, padded, places, n_places);
    }
    free(padded);
    free(places);
    if (failed) return -1;
    t.n_words = (i32)s->memo_words.n - t.word;
    if (t.n_words) t.first_word = s->memo_words.at[t.word];
    t.n_grams = (i32)s->memo_grams.n - t.gram;
    double *sum = s->memo_sums.at + s->memo_sums.n;
    memset(sum, 0, sizeof(double) * (size_t)stride);
    add_rows(s->model, s->memo_grams.at + t.gram, t.n_grams, sum);
    count_told(s, &t, s->cp_flags.at + first, bytes, at, n);
    s->tokens.at[s->tokens.n++] = t;
    s->memo_bytes.n += size;
    s->memo_sums.n += stride;
    if ((u64)s->tokens.n * 2 > s->memo.mask) return enlarge_memo(s) ? -1 : number;
    add_number(&s->memo, hash, number);
    return number;
}

/* A token's number; one never met is learned. */
static i64 look_up(Session *s, const Stop *stop) {
    const u8 *key = s->bytes.at + s->byte_at.at[stop->first];
    i64 size = s->byte_at.at[stop->first + stop->n] - s->byte_at.at[stop->first];
    u64 head = head_of(key, size);
    for (u64 i = stop->hash & s->memo.mask; s->memo.slots[i]; i = (i + 1) & s->memo.mask) {
        const Token *t = s->tokens.at + (s->memo.slots[i] - 1);
        if (t->head == head && t->text_size == size &&
            (size <= 8 || !memcmp(s->memo_bytes.at + t->text + 8, key + 8, (size_t)size - 8)))
            return s->memo.slots[i] - 1;
    }
    return learn_token(s, stop->first, stop->n, stop->hash);
}

/* ------------------------------------------------------------------ reading a text */

/* Lower the case, make all apostrophes alike, and note where tokens stand and sentences may
 * end. 0 read, 1 hard (a character outside the table), -1 out of memory. */
static int read_text(Session *s, const u8 *text, i64 size) {
    const Model *m = s->model;
    if (size > INT32_MAX / 8) return 1;
    if (ROOM(s->cps, size + 1) || ROOM(s->cp_flags, size + 1) || ROOM(s->byte_at, size + 2) ||
        ROOM(s->bytes, 4 * size + 8 + SPARE) || ROOM(s->stops, size + 1) ||
        ROOM(s->run, size / 2 + 2))
        return -1;
    const u8 *ascii = m->flags; /* ASCII stands first in the table */
    u32 *cps = s->cps.at;
    u8 *cp_flags = s->cp_flags.at, *bytes = s->bytes.at;
    i32 *byte_at = s->byte_at.at, *stops = s->stops.at;
    Stop *run = s->run.at;
    i64 n_stops = 0, n_run = 0;
    i32 n = 0, out = 0, is_apart = 1; /* whether white space, or nothing, came before */
    for (i64 i = 0; i < size; n++) {
        u8 flags;
        byte_at[n] = out;
        if (text[i] < 128) {
            u8 low = (u8)m->lower[cps[n] = text[i++]];
            flags = ascii[low];
            bytes[out++] = low;
        } else {
            u32 cp = decode(text, &i);
            i64 p = place(&m->characters, cp);
            if (p < 0 || (m->flags[p] & HARD)) return 1;
            u32 low = m->lower[p];
            cps[n] = cp;
            flags = m->flags[low == cp ? p : place(&m->characters, low)];
            out += encode(low, bytes + out);
        }
        if (flags & QUOTE) {
            out = byte_at[n] + 1;
            bytes[out - 1] = '\'';
            flags = (flags & ~(WORD | ALPHA | DECIMAL)) | QUOTE;
        }
        if (flags & WORD && n > 1 && cp_flags[n - 1] & QUOTE && cp_flags[n - 2] & WORD) {
            /* an apostrophe inside a word is left out */
            cp_flags[n - 1] = WORD;
            memmove(bytes + byte_at[n - 1], bytes + byte_at[n], (size_t)(out - byte_at[n]));
            byte_at[n] = byte_at[n - 1];
            out--;
        }
        cp_flags[n] = flags;
        stops[n_stops] = n;
        n_stops += (flags & STOP) != 0;
        int is_space = flags & SPACE;
        if (is_apart != is_space) { /* a token begins or ends */
            if (is_apart) run[n_run].first = n;
            else run[n_run].n = n - run[n_run].first, n_run++;
            is_apart = is_space;
        }
    }
    if (!is_apart) run[n_run].n = n - run[n_run].first, n_run++;
    byte_at[n] = out;
    s->cps.n = n;
    s->stops.n = n_stops;
    s->run.n = n_run;
    return 0;
}

static int is_space(const Session *s, i64 i) { return s->cp_flags.at[i] & SPACE; }

/* Number the tokens. Three passes: what one asks memory for has come when the next needs it. */
static int find_tokens(Session *s) {
    const i32 *at = s->byte_at.at;
    for (i64 r = 0; r < s->run.n; r++) {
        Stop *stop = s->run.at + r;
        i64 size = at[stop->first + stop->n] - at[stop->first];
        stop->hash = hash_bytes(s->bytes.at + at[stop->first], size, s->model->seed);
        PREFETCH(s->memo.slots + (stop->hash & s->memo.mask));
    }
    for (i64 r = 0; r < s->run.n; r++) {
        u32 likely = s->memo.slots[s->run.at[r].hash & s->memo.mask];
        PREFETCH(s->tokens.at + (likely ? likely - 1 : 0));
    }
    for (i64 r = 0; r < s->run.n; r++) {
        i64 token = look_up(s, s->run.at + r);
        if (token < 0) return -1;
        s->run.at[r].token = token;
        PREFETCH(s->memo_grams.at + s->tokens.at[token].gram);
        PREFETCH(s->memo_sums.at + token * s->model->stride);
        PREFETCH(s->memo_sums.at + token * s->model->stride + LANES / 2);
    }
    return 0;
}

/* ------------------------------------------------------------------ sentences */
/* As rejectnlp.accounts.split_sentences, which says why. */

static int is_closing(u32 c) {
    return c == '"' || c == '\'' || c == 0x201D || c == 0x2019 || c == ')' || c == ']';
}
static int is_opening(u32 c) {
    return c == '(' || c == '"' || c == '\'' || c == 0x201C || c == 0x2018;
}
static int is_dash(u32 c) { return c == '-' || c == 0x2013 || c == 0x2014; }

/* The end of a sentence's end that begins at i, or -1. */
static i64 match_end(const Session *s, i64 i) {
    const u32 *c = s->cps.at;
    i64 n = s->cps.n, j = i;
    if (c[i] == '\n') {
        for (j = i + 1; j < n && is_space(s, j);) j++;
        return j;
    }
    while (j < n && j - i < 20 && is_stop(c[j])) j++;
    if (j == i) return -1;
    i64 k = j;
    while (k < n && k - j < 4 && is_closing(c[k])) k++;
    return k < n && is_space(s, k) ? k : -1;
}

static int is_abbreviation(const Session *s, i64 start, i64 dot) {
    const Model *m = s->model;
    i64 low = dot - 12 > start ? dot - 12 : start, i = dot;
    while (i > low && !is_space(s, i - 1) && !is_opening(s->cps.at[i - 1])) i--;
    if (i == dot) return 0;
    u8 word[64];
    i64 size = 0;
    for (i64 j = i; j < dot; j++)
        size += encode(m->lower[place(&m->characters, s->cps.at[j])], word + size);
    for (i64 a = 0; a < m->n_abbreviations; a++) {
        i64 from = a ? m->list_ends[a - 1] : 0;
        if (m->list_ends[a] - from == size && !memcmp(m->list_bytes + from, word, (size_t)size))
            return 1;
    }
    if (dot - i != 1 || (size == 1 && word[0] == 'i')) return 0;
    i64 p = place(&m->characters, m->lower[place(&m->characters, s->cps.at[i])]);
    return p >= 0 && (m->flags[p] & ALPHA);
}

static int keep(Session *s, i64 start, i64 end) {
    while (start < end && is_space(s, start)) start++;
    while (end > start && is_space(s, end - 1)) end--;
    if (start == end) return 0;
    if (ROOM(s->stretches, s->stretches.n + 1)) return -1;
    s->stretches.at[s->stretches.n++] = (Stretch){(i32)start, (i32)end, 0, 0};
    return 0;
}

/* The end of a joint that begins at i, or -1; nothing is read from `end` on. */
static i64 match_joint(const Session *s, i64 i, i64 end) {
    static const char *const links[] = {"and", "but", "so", "because", "then", "which", "although"};
    const u32 *c = s->cps.at;
    i64 j = i + 1;
    if (c[i] == ',' || c[i] == ';' || c[i] == ':' || c[i] == 0x2013 || c[i] == 0x2014) {
        while (j < end && is_space(s, j)) j++;
        return j > i + 1 ? j : -1;
    }
    if (!is_space(s, i)) return -1;
    while (j < end && is_dash(c[j])) j++;
    if (j > i + 1 && j < end && is_space(s, j)) return j + 1;
    for (size_t l = 0; l < sizeof links / sizeof *links; l++) {
        i64 k = 0;
        while (links[l][k] && i + 1 + k < end && c[i + 1 + k] == (u32)links[l][k]) k++;
        if (!links[l][k] && i + 1 + k < end && is_space(s, i + 1 + k)) return i + 1;
    }
    return -1;
}

static int cut(Session *s, i64 start, i64 end) {
    i64 blanks = 0, longest = s->model->longest_sentence;
    for (i64 i = start; i < end; i++) blanks += s->cps.at[i] == ' ';
    if (blanks >= longest) {
        i64 n = 0, begin = start, at = start;
        for (i64 i = start; i < end;) {
            i64 j = match_joint(s, i, end);
            if (j < 0) { i++; continue; }
            for (; at < j; at++) n += s->cps.at[at] == ' ';
            if (n >= longest / 2) {
                if (keep(s, begin, j)) return -1;
                begin = j;
                n = 0;
            }
            i = j;
        }
        start = begin;
    }
    return keep(s, start, end);
}

static int find_sentences(Session *s) {
    i64 start = 0, n = s->cps.n;
    s->stretches.n = 0;
    for (i64 k = 0, from = 0; k < s->stops.n; k++) {
        i64 i = s->stops.at[k], end = i < from ? -1 : match_end(s, i);
        if (end < 0) continue;
        if (!(s->cps.at[i] == '.' && is_abbreviation(s, start, i))) {
            if (cut(s, start, end)) return -1;
            start = end;
        }
        from = end;
    }
    if (cut(s, start, n)) return -1;
    if (!s->stretches.n) { /* a text without a sentence stands for itself */
        if (ROOM(s->stretches, 1)) return -1;
        s->stretches.at[s->stretches.n++] = (Stretch){0, (i32)n, 0, 0};
    }
    i64 token = 0; /* every cut is at white space, so tokens never cross one */
    for (i64 i = 0; i < s->stretches.n; i++) {
        Stretch *t = s->stretches.at + i;
        t->token = token;
        while (token < s->run.n && s->run.at[token].first < t->end) token++;
        t->n_tokens = token - t->token;
    }
    return 0;
}

/* As rejectnlp.accounts.note_text: 0 nothing, 1 empty, 2 too short, 3 not English. */
static int note(const Session *s) {
    const Model *m = s->model;
    i64 told = 0, known = 0;
    for (i64 r = 0; r < s->run.n; r++) {
        told += s->tokens.at[s->run.at[r].token].n_told;
        known += s->tokens.at[s->run.at[r].token].n_known;
    }
    if (!told) return 1;
    if (told < m->fewest_words) return 2;
    return told >= m->fewest_known_words && (double)known < (double)told * m->share_known ? 3 : 0;
}

/* ------------------------------------------------------------------ scores */

/* A block's sum, scaled by its damped length, into the scores. */
static void add_scaled(const Model *m, int block, const double *sum, double *out) {
    double length = sum[m->stride - 1] + m->damping[block];
    length = length > 0 ? sqrt(length) : 1.0;
    for (i32 j = 0; j < m->n_outputs; j++) out[j] += sum[j] / length;
}

/* Count rows, and list those met for the first time. A row is always written down and kept
 * if it is new: no processor could guess which are. */
static void count(Cell *restrict cells, const u32 *rows, i64 n, Met *own) {
    u32 *restrict met = own->rows;
    i64 n_met = own->n;
    for (i64 i = 0; i < n; i++) {
        u32 row = rows[i], c = cells[row].own;
        met[n_met] = row;
        n_met += !c;
        cells[row].own = c + 1;
    }
    own->n = n_met;
}

/* End a sentence's block: its counts go to the whole text, its sum is put right. */
static void close_sentence(Session *s, int block, double *sum) {
    Cell *restrict cells = s->cells;
    const u32 *own = s->own[block].rows;
    u32 *restrict all = s->all[block].rows;
    Repeated *restrict repeated = s->repeated;
    i64 n = 0, n_all = s->all[block].n;
    for (i64 i = 0; i < s->own[block].n; i++) {
        u32 row = own[i], c = cells[row].own, before = cells[row].whole;
        repeated[n] = (Repeated){row, c};
        n += c > 1;
        all[n_all] = row;
        n_all += !before;
        cells[row] = (Cell){0, before + c};
    }
    s->own[block].n = 0;
    s->all[block].n = n_all;
    put_right(s->model, repeated, n, sum);
}

static void close_text(Session *s, int block, double *sum) {
    Cell *restrict cells = s->cells;
    const u32 *all = s->all[block].rows;
    Repeated *restrict repeated = s->repeated;
    i64 n = 0;
    for (i64 i = 0; i < s->all[block].n; i++) {
        u32 row = all[i], c = cells[row].whole;
        repeated[n] = (Repeated){row, c};
        n += c > 1;
        cells[row].whole = 0;
    }
    s->all[block].n = 0;
    put_right(s->model, repeated, n, sum);
}

/* List the words of the text at hand, and ask for the places of their pairs in time. */
static int find_words(Session *s) {
    const Model *m = s->model;
    s->words.n = 0;
    i32 before = -1;
    for (i64 r = 0; r < s->run.n; r++) {
        const Token *token = s->tokens.at + s->run.at[r].token;
        if (ROOM(s->words, s->words.n + token->n_words)) return -1;
        for (i32 w = 0; w < token->n_words; w++) {
            Word found = {w ? s->memo_words.at[token->word + w] : token->first_word, 0};
            if (before >= 0 && found.known.number >= 0) {
                found.slot = first_slot(m, pair_key(before, found.known.number));
                PREFETCH(m->pairs + found.slot);
            }
            s->words.at[s->words.n++] = found;
            before = found.known.number;
        }
    }
    return 0;
}

/* Count the words of a sentence and their pairs, each listed as often as it stands there. */
static const Word *count_words(Session *s, const Stretch *t, const Word *word, i32 *before,
                               double *whole) {
    const Model *m = s->model;
    int first = 1;
    s->met_words.n = 0;
    for (i64 r = t->token; r < t->token + t->n_tokens; r++) {
        for (i32 w = s->tokens.at[s->run.at[r].token].n_words; w > 0; w--, word++) {
            i64 alone = word->known.row, pair = -1;
            if (*before >= 0 && word->known.number >= 0)
                pair = find_pair(m, word->slot, pair_key(*before, word->known.number))->row;
            if (alone >= 0) s->met_words.at[s->met_words.n++] = (u32)alone;
            if (pair >= 0 && first) { /* across two sentences: the whole text's alone */
                u32 row = (u32)pair;
                add_rows(m, &row, 1, whole);
                if (!s->cells[row].whole++) s->all[WORDS].rows[s->all[WORDS].n++] = row;
            } else if (pair >= 0) {
                s->met_words.at[s->met_words.n++] = (u32)pair;
            }
            *before = word->known.number;
            first = 0;
        }
    }
    count(s->cells, s->met_words.at, s->met_words.n, s->own + WORDS);
    return word;
}

static int score_text(Session *s, double *whole, double *best) {
    const Model *m = s->model;
    i32 k = m->n_outputs, width = m->stride;
    i32 before = -1; /* the word before this one, over the ends of sentences */
    const Word *word = s->words.at;
    double *own = s->sums, *all = s->sums + 2 * width;
    if (ROOM(s->spans, s->spans.n + 2 * s->stretches.n) ||
        ROOM(s->parts, s->parts.n + k * s->stretches.n) || ROOM(s->met_words, 2 * s->words.n))
        return -1;
    memset(all, 0, sizeof(double) * (size_t)(2 * width));
    for (i64 i = 0; i < s->stretches.n; i++) {
        const Stretch *t = s->stretches.at + i;
        double *part = s->parts.at + s->parts.n;
        memset(own, 0, sizeof(double) * (size_t)(2 * width));
        word = count_words(s, t, word, &before, all);
        add_rows(m, s->met_words.at, s->met_words.n, own);
        add_tokens(s->memo_sums.at, width, s->run.at + t->token, t->n_tokens, own + width);
        for (i64 r = t->token; r < t->token + t->n_tokens; r++) {
            const Token *token = s->tokens.at + s->run.at[r].token;
            count(s->cells, s->memo_grams.at + token->gram, token->n_grams, s->own + CHARS);
        }
        memcpy(part, m->intercepts, sizeof(double) * (size_t)k);
        for (int b = WORDS; b <= CHARS; b++) {
            for (i32 j = 0; j < width; j++) all[b * width + j] += own[b * width + j];
            close_sentence(s, b, own + b * width);
            add_scaled(m, b, own + b * width, part);
        }
        for (i32 j = 0; j < k - 1; j++)
            if (!i || part[j] > best[j]) best[j] = part[j];
        s->parts.n += k;
        s->spans.at[s->spans.n++] = t->start;
        s->spans.at[s->spans.n++] = t->end;
    }
    memcpy(whole, m->intercepts, sizeof(double) * (size_t)k);
    for (int b = WORDS; b <= CHARS; b++) {
        close_text(s, b, all + b * width);
        add_scaled(m, b, all + b * width, whole);
    }
    return 0;
}

/* Score n texts, text i being bytes[ends[i - 1] .. ends[i]), valid UTF-8.
 *
 * whole: n x n_outputs; best: n x (n_outputs - 1), of its sentences; notes: n;
 * first: n + 1, where each text's sentences begin among those of the batch;
 * hard: n, 1 where nothing was scored. Returns 0, or -1 when memory ran out. */
i32 rn_score(Session *s, const u8 *bytes, const i64 *ends, i64 n, double *whole, double *best,
             i64 *first, u8 *notes, u8 *hard) {
    i32 k = s->model->n_outputs;
    s->spans.n = s->parts.n = 0;
    for (i64 i = 0; i < n; i++) {
        i64 start = i ? ends[i - 1] : 0;
        first[i] = s->spans.n / 2;
        notes[i] = hard[i] = 0;
        /* Long tokens of no known n-gram fill the bytes alone: eight of them to an n-gram. */
        if (s->tokens.n > s->most_tokens || s->memo_grams.n > s->most_grams ||
            s->memo_bytes.n > 8 * s->most_grams)
            forget(s);
        int state = read_text(s, bytes + start, ends[i] - start);
        if (state < 0) return -1;
        if (state) { hard[i] = 1; continue; }
        if (find_tokens(s) || find_words(s) || find_sentences(s) ||
            score_text(s, whole + i * k, best + i * (k - 1)))
            return -1;
        notes[i] = (u8)note(s);
    }
    first[n] = s->spans.n / 2;
    return 0;
}

const i32 *rn_spans(const Session *s) { return s->spans.at; }
const double *rn_parts(const Session *s) { return s->parts.at; }
