import { isObject } from '../../platform/json.ts'

/** The most levels of a patch. No state is deeper. */
const DEEPEST = 40

/** Applies a merge patch (RFC 7396 §2): `null` removes a member, an object merges, and any other value replaces. */
export function mergePatch(target: unknown, patch: unknown, levels = DEEPEST): unknown {
  if (!isObject(patch) || levels === 0) return patch
  const merged = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value, levels - 1))
  }
  return Object.fromEntries(merged)
}
