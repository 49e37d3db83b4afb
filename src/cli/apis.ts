import { z } from 'zod'
import { type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { print } from './output.ts'
import type { TargetOptions } from './target.ts'

/** `tessera apis show`: prints one API with its scopes. */
export const apisShow = (audience: string, options: OutputOptions & TargetOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const data = await target.call('apis.show', { path: { audience } }, z.looseObject({ audience: z.string() }))
    const asText = (api: typeof data) => JSON.stringify(api, undefined, 2)
    show(options, { data, asText, forPeople: () => print(asText(data)) })
  })
