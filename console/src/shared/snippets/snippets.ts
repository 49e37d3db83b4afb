import { curl } from './curl.ts'
import { dotnet } from './dotnet.ts'
import { github } from './github.ts'
import { go } from './go.ts'
import { java } from './java.ts'
import { mcp } from './mcp.ts'
import { node } from './node.ts'
import { prometheus } from './prometheus.ts'
import { python } from './python.ts'
import { ruby } from './ruby.ts'
import { rust } from './rust.ts'
import { spring } from './spring.ts'
import type { Snippet, SnippetId, Target, Writer } from './target.ts'

const writers: readonly Writer[] = [curl, node, python, go, java, spring, dotnet, rust, ruby, prometheus, github, mcp]

/** The snippets that get a token in the way of the client, filled in. @param first the one that fits best where the client runs */
export function snippetsFor(target: Target, first: SnippetId = 'curl'): readonly Snippet[] {
  const written = writers.map((write) => write(target)).filter((one) => one !== undefined)
  return [...written.filter((one) => one.id === first), ...written.filter((one) => one.id !== first)]
}
