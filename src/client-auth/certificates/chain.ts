import type { Certificate } from '../../crypto/x509/certificate.ts'
import { formatName } from '../../crypto/x509/distinguished-name.ts'
import { MalformedCertificate } from '../../crypto/x509/malformed-certificate.ts'
import { MOST_IN_CHAIN, type PresentedCertificate } from '../../crypto/x509/peer.ts'
import { costOf, publicKeyOf } from '../../crypto/x509/strength.ts'
import { cut } from '../../platform/text.ts'
import type { TrustAnchors } from './anchors.ts'
import { checkPath } from './path.ts'
import { type CertificateProblem, problemWith } from './problems.ts'

/** The most certificates in a path, including the client's own and the anchor. */
const LONGEST_PATH = 5
/** The most work, in units of `costOf`: the signatures of the longest path. A hostile chain could otherwise cost far more. */
const MOST_WORK = LONGEST_PATH - 1

/**
 * Checks that a path leads from the client's certificate, through those sent with it, to an anchor (RFC 5280 §6.1). Each must be
 * signed by the next, valid at this time and fit for its part.
 * @param now milliseconds since the epoch
 * @returns the problem; undefined if a valid path exists
 * @throws MalformedCertificate
 */
export function checkChain(
  presented: PresentedCertificate,
  anchors: TrustAnchors,
  now: number,
): CertificateProblem | undefined {
  const { leaf, chain } = presented
  if (chain.length > MOST_IN_CHAIN) return problemWith(leaf, 'chain_too_long', { most: MOST_IN_CHAIN })
  const sent = chain.length === 0 && presented.isResumed ? anchors.intermediates : chain
  const search = new PathSearch(anchors.certificates, sent.filter(isReadable))
  let first: CertificateProblem | undefined
  for (const path of search.pathsFrom([leaf])) {
    const problem = checkPath(path, now)
    if (problem === undefined) {
      anchors.remember(path.slice(1, -1))
      return undefined
    }
    first ??= problem
  }
  return first ?? noPath(search.longest)
}

function noPath(path: readonly Certificate[]): CertificateProblem | undefined {
  const last = path.at(-1)
  if (last === undefined) return undefined
  if (path.length === LONGEST_PATH) return problemWith(last, 'chain_too_long', { most: LONGEST_PATH })
  return problemWith(last, 'no_path', { issuer: cut(formatName(last.contents.issuer)) })
}

/** An unreadable certificate in the chain is skipped, since no path can lead through it. */
function isReadable(certificate: Certificate): boolean {
  try {
    return certificate.contents !== undefined
  } catch (error) {
    if (error instanceof MalformedCertificate) return false
    throw error
  }
}

/** Finds paths of signatures from a certificate to the anchors. `checkPath` decides whether a path may be used. */
class PathSearch {
  readonly #anchors: readonly Certificate[]
  readonly #intermediates: readonly Certificate[]
  #work = 0
  /** The longest path that was followed, even if it led to no anchor. */
  longest: readonly Certificate[] = []

  constructor(anchors: readonly Certificate[], intermediates: readonly Certificate[]) {
    this.#anchors = anchors
    this.#intermediates = intermediates.filter(({ raw }) => !anchors.some((anchor) => anchor.raw.equals(raw)))
  }

  /** @param path leads from the client's certificate to the one whose issuer is sought */
  *pathsFrom(path: readonly Certificate[]): Generator<readonly Certificate[]> {
    if (path.length > this.longest.length) this.longest = path
    if (path.length === LONGEST_PATH) return
    for (const issuer of this.#candidates(path)) {
      if (!this.#issued(path, issuer)) continue
      if (this.#anchors.includes(issuer)) yield [...path, issuer]
      else yield* this.pathsFrom([...path, issuer])
    }
  }

  /** All certificates with the name of the issuer. Those whose key identifier also fits come first (RFC 5280 §4.2.1.1). */
  #candidates(path: readonly Certificate[]): readonly Certificate[] {
    const last = path.at(-1)
    if (last === undefined) return []
    return [...this.#anchors, ...this.#intermediates]
      .filter((one) => last.isIssuedInNameOf(one) && !path.some(({ raw }) => raw.equals(one.raw)))
      .toSorted((one, other) => Number(last.x509.checkIssued(other.x509)) - Number(last.x509.checkIssued(one.x509)))
  }

  #issued(path: readonly Certificate[], issuer: Certificate): boolean {
    const last = path.at(-1)
    if (last === undefined) return false
    const key = publicKeyOf(issuer.x509)
    const cost = key && costOf(key)
    if (key === undefined || cost === undefined || this.#work + cost > MOST_WORK) return false
    this.#work += cost
    return last.x509.verify(key)
  }
}
