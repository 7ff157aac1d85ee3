// Counts the words of a text file: millrace run examples/word-count.ts
import { flow, fromLines, toJsonl } from 'millrace'

const words = flow('word-count')
words
  .source('lines', fromLines(process.env.TEXT ?? 'README.md'))
  .flatMap('split', (line: string) => line.toLowerCase().match(/\p{L}+/gu) ?? [])
  .keyBy('by-word', (word) => word)
  .aggregate(
    'count',
    { init: () => 0, add: (count) => count + 1, result: (count, word) => ({ word, count }) },
    { emitOn: 'end' },
  )
  .sink('out', toJsonl(process.env.OUT ?? 'word-count'))

export default words
