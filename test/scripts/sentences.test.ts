import { describe, expect, test } from 'vitest'
import { beginsBadly, sentencesOfMarkdown, sentencesOfSource } from '../../scripts/sentences.ts'

test.each([
  'What a client sends is bounded.',
  'Whoever has the key can sign.',
  'Who guesses learns nothing.',
  'Whose token it is does not matter.',
  'Of two processes, one waits.',
  'of those, the first',
  '“What was answered is on disk.”',
  '(Who asks for it gets it.)',
  '**What happened since is lost**: tokens.',
])('begins badly: %s', (sentence) => {
  expect(beginsBadly(sentence)).toBe(true)
})

test.each([
  'What can strangers send?',
  '**Who may import whom?**',
  'Often it waits.',
  'Whole milliseconds only.',
  '`what` is a parameter.',
  'The caller owns what it made.',
  'Offline access is refused.',
])('begins well: %s', (sentence) => {
  expect(beginsBadly(sentence)).toBe(false)
})

const badIn = (sentences: readonly { readonly line: number; readonly text: string }[]) =>
  sentences.filter(({ text }) => beginsBadly(text)).map(({ line, text }) => `line ${line}: ${text}`)

describe('in Markdown', () => {
  test.each([
    ['a paragraph', 'Good.\n\nWhat is due is removed.\n', ['line 3: What is due is removed.']],
    ['the second sentence of a line', 'It waits. What waits is served.\n', ['line 1: What waits is served.']],
    [
      'a sentence on a later line',
      'It waits\nfor a while. Whoever asks\nwaits too.\n',
      ['line 2: Whoever asks waits too.'],
    ],
    ['a list item', '- what it does\n- how\n\n1. Of all things\n', ['line 1: what it does', 'line 4: Of all things']],
    [
      'the body of a table',
      '| a | b |\n| --- | --- |\n| x | What it does is this. |\n',
      ['line 3: What it does is this.'],
    ],
    ['a link', '[What is due](x.md) is removed.\n', ['line 1: What is due is removed.']],
    ['a quotation', '> Whoever reads this waits.\n', ['line 1: Whoever reads this waits.']],
    ['after a code span', 'Call `f. What`. What returns is text.\n', ['line 1: What returns is text.']],
  ])('%s is checked', (_, page, expected) => {
    expect(badIn(sentencesOfMarkdown(page))).toEqual(expected)
  })

  test.each([
    ['a heading', '# What it does\n\n## Who may import whom\n'],
    ['the head of a table', '| What it is | what it means |\n| --- | --- |\n| a | b |\n'],
    ['a cell without a full stop', '| a | b |\n| --- | --- |\n| x | What it does |\n'],
    ['a block of code', '```sh\nWhat is this\n```\n\n- one:\n\n  ```\n  Of two\n  ```\n'],
    ['a code span', '`What is this. Of two` is code.\n'],
    ['a comment', '<!-- What is\nthis -->\n'],
    ['the middle of a sentence', 'It says\nwhat it does, and e.g. who did it.\n'],
    ['a question', 'What can they send? Everything.\n'],
  ])('%s is not', (_, page) => {
    expect(badIn(sentencesOfMarkdown(page))).toEqual([])
  })
})

describe('in TypeScript', () => {
  test.each([
    ['a comment of one line', '// Who asks waits.\n', ['line 1: Who asks waits.']],
    [
      'lines of comments as one text',
      '// It\n// waits. What waits\n// is served.\n',
      ['line 2: What waits is served.'],
    ],
    ['a comment behind code', 'f() // What it does.\n', ['line 1: What it does.']],
    ['a block', '/**\n * It waits.\n *\n * Of two, one\n * waits.\n */\n', ['line 4: Of two, one waits.']],
    ['a tag', '/** Waits. @returns what was made */\n', ['line 1: what was made']],
    ['a tag of a parameter', '/**\n * @param x what was made\n */\n', ['line 2: what was made']],
    ['a text that is shown', "const a = { description: 'what it is for' }\n", ['line 1: what it is for']],
    ['an argument of a method that shows it', `command.description(\`of \${name} things\`)\n`, ['line 1: of x things']],
    ['a log line', "log.warn({ at }, 'What is this')\n", ['line 1: What is this']],
    ['any other text that looks like a sentence', "throw new Error('What is this.')\n", ['line 1: What is this.']],
  ])('%s is checked', (_, source, expected) => {
    expect(badIn(sentencesOfSource('a.ts', source))).toEqual(expected)
  })

  test.each([
    [
      'the text of an element',
      'const a = (\n  <p>\n    What is due is removed.\n  </p>\n)\n',
      ['line 3: What is due is removed.'],
    ],
    ['an attribute', '<Field label="What it does" />\n', ['line 1: What it does']],
    ['a comment in an element', '<p>{/* Of two, one waits. */}</p>\n', ['line 1: Of two, one waits.']],
  ])('%s is checked', (_, source, expected) => {
    expect(badIn(sentencesOfSource('a.tsx', source))).toEqual(expected)
  })

  test('the middle of a sentence in an element is not', () => {
    expect(badIn(sentencesOfSource('a.tsx', '<p>It says <b>who</b> asked, <b>now</b> of two</p>\n'))).toEqual([])
  })

  test.each([
    ['a parameter of that name', '/** @param what the subject */\n'],
    ['code in a comment', '/** Calls `what is`. */\n'],
    ['a text in lower case elsewhere', "test('what is sized serves it', () => f())\n"],
    ['a single word', "const a = ['Of', 'What']\n"],
    ['a regular expression', 'const a = /\\/\\/ What is/\n'],
    ['a comment within a string', "const a = 'see // what is'\n"],
    ['an import', "import { What } from './what is.ts'\n"],
  ])('%s is not', (_, source) => {
    expect(badIn(sentencesOfSource('a.ts', source))).toEqual([])
  })
})
