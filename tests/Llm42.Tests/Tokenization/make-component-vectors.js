// Makes component-vectors.json: what the Rust tokenizers library does with each component that Llm42 reads.
// Usage, in a folder where `npm install tokenizers` was run:  node make-component-vectors.js OUTPUT [SEED [TEXTS]]
const fs = require('fs');
const { Tokenizer } = require('tokenizers');
const [output, seedText, countText] = process.argv.slice(2);
let seed = +seedText || 1;
const count = +countText || 10;
const random = n => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 2147483648 * n); };

// --- models -------------------------------------------------------------------------------------------------
const bpe = options => Object.assign({
  type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
  fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: {}, merges: [],
}, options);

// Every byte with and without an end-of-word suffix: the ids show where each piece ends.
function byteModel() {
  const characters = [];
  for (let value = 0, next = 256; value < 256; value++) {
    const isPrintable = (value >= 33 && value <= 126) || (value >= 0xA1 && value <= 0xAC) || value >= 0xAE;
    characters.push(String.fromCharCode(isPrintable ? value : next++));
  }
  const vocab = {};
  [...characters, ...characters.map(c => c + '</w>')].forEach((token, id) => { vocab[token] = id; });
  return bpe({ end_of_word_suffix: '</w>', vocab });
}

function sentencePiece(options, bytes) {
  const tokens = ['<unk>', '<s>', '</s>',
    ...bytes.map(b => `<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`),
    ..."▁etaoinshrdlu, .!'ABC\u0301éà中😀",
    '▁t', 'he', '▁the', '▁▁', '▁▁▁▁', 'in', '▁a', 'an', '▁an', 'ou', 'er', '▁,', '😀😀', '中中', 'aa', 'aaa'];
  const merges = ['▁ t', 'h e', '▁t he', '▁ ▁', '▁▁ ▁▁', 'i n', '▁ a', 'a n', '▁ an', 'o u', 'e r', '▁ ,', '😀 😀', '中 中', 'a a', 'aa a'];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return bpe(Object.assign({ unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges }, options));
}

function affixModel() {
  const tokens = ['<unk>'];
  for (const c of 'abcde') tokens.push(c, '##' + c, c + '</w>', '##' + c + '</w>');
  tokens.push('ab', '##cd', 'abcd', '##de</w>', 'abc', 'abc</w>');
  return bpe({
    unk_token: '<unk>', continuing_subword_prefix: '##', end_of_word_suffix: '</w>',
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: [['a', '##b'], ['##c', '##d'], ['ab', '##cd'], ['##d', '##e</w>'], ['ab', '##c'], ['ab', '##c</w>']],
  });
}

const everyByte = [...Array(256).keys()];
const models = {
  bytes: byteModel(),
  sentencepiece: sentencePiece({}, everyByte),
  partialBytes: sentencePiece({}, everyByte.filter(b => b % 3 !== 0)),
  unknown: sentencePiece({ byte_fallback: false, fuse_unk: false }, []),
  unknownFused: sentencePiece({ byte_fallback: false }, []),
  dropUnknown: sentencePiece({ byte_fallback: false, unk_token: null }, []),
  ignoreMerges: sentencePiece({ ignore_merges: true }, everyByte),
  affixes: affixModel(),
};

// --- components ---------------------------------------------------------------------------------------------
const components = [];
const add = (name, model, parts) => components.push(Object.assign(
  { name, model, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null }, parts));
const token = (content, options = {}) => Object.assign(
  { id: -1, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }, options);
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const then = (...parts) => ({ type: 'Sequence', pretokenizers: [...parts, byteLevel] });
const split = (pattern, behavior = 'Isolated', invert = false) => ({ type: 'Split', pattern, behavior, invert });
const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const normalizer = (name, value) => add('Normalizer ' + name, 'bytes', { normalizer: value, pre_tokenizer: byteLevel });

for (const type of ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents']) normalizer(type, { type });
for (const [left, right] of [[true, true], [true, false], [false, true]]) {
  normalizer(`Strip ${left} ${right}`, { type: 'Strip', strip_left: left, strip_right: right });
}
normalizer('Prepend', { type: 'Prepend', prepend: '▁' });
normalizer('Replace string', { type: 'Replace', pattern: { String: 'a.' }, content: '<>' });
normalizer('Replace regex', { type: 'Replace', pattern: { Regex: ' {2,}|\\p{Lu}' }, content: '_' });
normalizer('Nmt', { type: 'Nmt' });
add('Normalizer ByteLevel', 'bytes', { normalizer: { type: 'ByteLevel' }, decoder: byteLevel });
normalizer('Sequence', { type: 'Sequence', normalizers: [{ type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }] });

for (const prefix of [true, false]) {
  for (const regex of [true, false]) {
    add(`ByteLevel ${prefix} ${regex}`, 'bytes', { pre_tokenizer: { type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: true, use_regex: regex } });
  }
}
for (const behavior of behaviors) {
  for (const invert of [false, true]) {
    add(`Split string ${behavior} ${invert}`, 'bytes', { pre_tokenizer: then(split({ String: ' ' }, behavior, invert)) });
    add(`Split regex ${behavior} ${invert}`, 'bytes', { pre_tokenizer: then(split({ Regex: '\\p{N}|[,.]' }, behavior, invert)) });
  }
  add(`Punctuation ${behavior}`, 'bytes', { pre_tokenizer: then({ type: 'Punctuation', behavior }) });
}
for (const individual of [true, false]) add(`Digits ${individual}`, 'bytes', { pre_tokenizer: then({ type: 'Digits', individual_digits: individual }) });
for (const type of ['Whitespace', 'WhitespaceSplit']) add(type, 'bytes', { pre_tokenizer: then({ type }) });
add('BertPreTokenizer', 'bytes', { pre_tokenizer: then({ type: 'BertPreTokenizer' }) });
for (const delimiter of [' ', '😀']) add('CharDelimiterSplit ' + delimiter, 'bytes', { pre_tokenizer: then({ type: 'CharDelimiterSplit', delimiter }) });
const metaspace = (scheme, cut) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: cut });
for (const scheme of ['always', 'first', 'never']) {
  for (const cut of [true, false]) {
    add(`Metaspace ${scheme} ${cut}`, 'bytes', { pre_tokenizer: then(metaspace(scheme, cut)), added_tokens: [token('<x>')] });
  }
}
add('Metaspace after WhitespaceSplit', 'bytes', { pre_tokenizer: then({ type: 'WhitespaceSplit' }, metaspace('first', true)) });

const deepseek = '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const contraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const gpt4 = digits => `${contraction}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const patterns = {
  llama3: gpt4('\\p{N}{1,3}'),
  qwen2: gpt4('\\p{N}'),
  cl100k: "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  o200k: `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${contraction}?|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${contraction}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  deepseek,
  cjk: '[一-龥぀-ゟ゠-ヿ]+',
  possessiveInterval: '\\p{N}{1,3}+| ?[^\\s\\p{N}]++|\\s++',
  word: '\\w+|\\W', digit: '\\d+|\\D', anchors: '^\\S+|\\S+$|\\A\\s|\\s\\z', boundary: '\\b\\w{2,4}?\\b|\\Ba',
  lazy: 'a+?b|(?:ab){1,2}?|.', atomic: '(?>a|ab)c|a.', lookbehind: '(?<=\\s)\\S|(?<!\\s)\\s', empty: '|a|ab', optional: 'x?',
  classes: '[^\\P{L}a-c]+', insensitive: '(?i:kSa|[k-s]|中)+', anything: '[\\s\\S]{3}', notLetter: '\\P{L}+|\\p{^N}',
  han: '\\p{Han}+|[\\p{L}&&[^\\p{Han}]]+|\\P{Han}', kana: '[\\p{Hiragana}\\p{Katakana}]+|\\p{^Latin}|\\p{Hangul}',
  kimi: `[\\p{Han}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+${contraction}?|`
    + `[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*${contraction}?|\\p{N}{1,3}|`
    + ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  bloom: ' ?[^(\\s|[.,!?…。，、।۔،])]+', union: '[a[bc]x-z]+|[^d[^\\s\\p{L}]]', intersection: '[a-z&&[^aeiou]x]+|[^\\w&&[,.]]|[h&&]',
  behind: '(?<=th)e|(?<!\\p{L}\\p{L})h|(?<=\\s|he)[l,]', behindLong: '(?<=a.{2})\\S|(?<!ab|c)d', tailSpaces: '\\s+$|\\s?\\p{L}+|\\s?\\p{P}+',
  dollar: 'a$|\\n$', nested: '(?:a{2}){2}|(?:a|b?c)+',
};
for (const [name, Regex] of Object.entries(patterns)) add('Regex ' + name, 'bytes', { pre_tokenizer: then(split({ Regex })) });
add('Regex three in a row', 'bytes', {
  pre_tokenizer: then(...['\\p{N}{1,3}', patterns.cjk, deepseek].map(Regex => split({ Regex }))),
});

add('Added tokens', 'bytes', {
  pre_tokenizer: byteLevel,
  added_tokens: [token('<a>'), token('<ab>', { lstrip: true }), token('<abc>', { rstrip: true }), token('<a><b>', { lstrip: true, rstrip: true }),
    token('the', { single_word: true, special: false }), token('É', { normalized: true, special: false })],
});
add('Added tokens, normalized', 'bytes', {
  normalizer: { type: 'Lowercase' }, pre_tokenizer: byteLevel,
  added_tokens: [token('<A>', { normalized: true }), token('Hello', { normalized: true, special: false, single_word: true }), token('<B>'),
    token(' É ', { normalized: true, special: false })],
});
add('Template', 'bytes', {
  pre_tokenizer: byteLevel, added_tokens: [token('<s>'), token('</s>')],
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: 'B', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: 'E', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { B: { id: 'B', ids: [66, 65], tokens: ['a', 'b'] }, E: { id: 'E', ids: [67], tokens: ['c'] } },
  },
});

const classify = (type, options) => add(type, 'bytes', {
  pre_tokenizer: byteLevel, added_tokens: [token('<s>'), token('</s>')],
  post_processor: { type, sep: ['</s>', 513], cls: ['<s>', 512], ...options },
});
classify('RobertaProcessing', { trim_offsets: true, add_prefix_space: true });
classify('BertProcessing', {});
add('Template after ByteLevel', 'bytes', {
  pre_tokenizer: byteLevel,
  post_processor: {
    type: 'Sequence',
    processors: [{ type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true }, {
      type: 'TemplateProcessing', single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: 'B', type_id: 0 } }], pair: [],
      special_tokens: { B: { id: 'B', ids: [66], tokens: ['a'] } },
    }],
  },
});

const llama2 = { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] };
const replace = (pattern, content) => ({ type: 'Replace', pattern, content });
const chain = (...decoders) => ({ type: 'Sequence', decoders });
const [fallback, fuse] = [{ type: 'ByteFallback' }, { type: 'Fuse' }];
const strip = (start, stop) => ({ type: 'Strip', content: ' ', start, stop });
const decoders = {
  llama2: chain(replace({ String: '▁' }, ' '), fallback, fuse, strip(1, 0)),
  stripEach: chain(replace({ Regex: '▁' }, ' '), fallback, strip(2, 0)),
  fuseReplace: chain(fallback, fuse, replace({ String: '▁t' }, '[t]')),
  metaspace: metaspace('always', true), metaspaceNever: metaspace('never', true),
  wordPiece: { type: 'WordPiece', prefix: 'he', cleanup: true }, wordPieceRaw: { type: 'WordPiece', prefix: '▁', cleanup: false },
  byteLevel, none: null, suffix: { type: 'BPEDecoder', suffix: 'he' },
};
for (const [name, decoder] of Object.entries(decoders)) {
  add('Decoder ' + name, 'sentencepiece', {
    normalizer: llama2, decoder, added_tokens: [token('<unk>'), token('<s>'), token('</s>'), token('<x y>', { special: false })],
  });
}
add('Decoder bytes', 'bytes', { pre_tokenizer: byteLevel, decoder: byteLevel });
for (const model of ['sentencepiece', 'partialBytes', 'unknown', 'unknownFused', 'dropUnknown', 'ignoreMerges']) {
  add('Model ' + model, model, { normalizer: llama2, decoder: decoders.llama2 });
}
add('Model sentencepiece, metaspace', 'sentencepiece', { pre_tokenizer: metaspace('first', false), decoder: decoders.metaspace });
add('Model affixes', 'affixes', { pre_tokenizer: { type: 'WhitespaceSplit' }, decoder: { type: 'BPEDecoder', suffix: '</w>' } });

// --- texts --------------------------------------------------------------------------------------------------
const palette = [...'aabcdehelothesTHEKKſßÉéİıſ  \t\n\r\u00a0\u2003\u3000\u0085\u200b\u200d0123456789٣४²½ⅧⅫ①𝟘𐒠.,!?\'’“-_()<>$+=^`~|€°中文龥ぁカ한가각ᄀ\u1161\u11a8\u0301\u0327\u0323\u0338é\u1e9b\u212b\u212a\u2126ﬁ\ufb1d𝔘𐐀𐐨𐍈😀👍🏽🇩▁Ǆǅǆ\u0345'];
const words = ['the', 'THE', '<a>', '<ab>', '<abc>', '<a><b>', '<A>', '<B>', '<x>', '<x y>', 'Hello', 'hello', "'s", "'S", "'ſ", "'LL", "'Ve", "don't", '  ', '   ',
  '\r\n', '\n\n', 'abcd', 'abcde', 'abc', 'ab', '<s>', '</s>', ' é ', 'straße', 'STRASSE', '123456789', '𝟘𝟙𝟚', 'a.', '12', '中中', '😀😀'];
const texts = ['', "Hello, world! It's 12345 o'clock — isn't it?", '  two  spaces \n\n next\tline \r\n end  ',
  '<a> <ab> <abc> <a><b> the other thethe <A>Hello hello <B> <x>  <x> y'];
for (let i = 0; i < count; i++) {
  texts.push(Array.from({ length: 1 + random(18) }, () => random(5) === 0 ? words[random(words.length)] : palette[random(palette.length)]).join(''));
}

// --- results ------------------------------------------------------------------------------------------------
async function run(component) {
  const model = models[component.model];
  let size = Object.keys(model.vocab).length;
  for (const added of component.added_tokens) added.id = added.content in model.vocab ? model.vocab[added.content] : size++;
  const { name, ...parts } = component;
  const tokenizer = Tokenizer.fromString(JSON.stringify({ version: '1.0', truncation: null, padding: null, ...parts, model }));
  const encode = async text => (await tokenizer.encode(text, null, { addSpecialTokens: true })).getIds();
  const decode = async ids => ({ ids, text: await tokenizer.decode(ids, false), skipped: await tokenizer.decode(ids, true) });
  const encodes = [];
  for (const text of texts) encodes.push({ text, ids: await encode(text) });
  const decodes = [];
  if (name.startsWith('Decoder') || component.decoder) {
    for (let i = 0; i < count; i++) {
      const span = component.model === 'bytes' || random(3) === 0 ? size : Math.min(size, 280);
      decodes.push(await decode(Array.from({ length: 1 + random(12) }, () => random(span))));
    }
    for (const { ids } of encodes) if (ids.length > 0) decodes.push(await decode(ids));
  }
  return { ...component, encodes, decodes };
}

(async () => {
  const results = [];
  for (const component of components) results.push(JSON.stringify(await run(component)));
  const source = `npm package tokenizers ${require('tokenizers/package.json').version}, the Rust library; make-component-vectors.js`;
  fs.writeFileSync(output, `{"source":${JSON.stringify(source)},\n"models":${JSON.stringify(models)},\n"components":[\n${results.join(',\n')}\n]}\n`);
  console.log(`${results.length} components, ${fs.statSync(output).size} bytes`);
})();
