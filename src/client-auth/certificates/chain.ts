import type { X509Certificate } from 'node:crypto'
import { contentsOf } from '../../crypto/x509/contents.ts'
import { formatName, isSameName } from '../../crypto/x509/distinguished-name.ts'
import { MOST_IN_CHAIN, type PresentedCertificate } from '../../crypto/x509/peer.ts'
import { costOf, publicKeyOf } from '../../crypto/x509/strength.ts'
import { OAuthError } from '../../oauth/error.ts'
import { cut } from '../../platform/text.ts'
import type { TrustAnchors } from './anchors.ts'
import { checkPath } from './path.ts'
import { type CertificateProblem, problemWith } from './problems.ts'

/** Certificates in a path, the client's own and the anchor included. */
const LONGEST_PATH = 5
/** In units of `costOf`. The longest path has this many signatures; a hostile chain would have every pair checked. */
const MOST_WORK = LONGEST_PATH - 1

/**
 * Whether a path leads from the client's certificate, over those sent along, to an anchor (RFC 5280 §6.1): each
 * signed by the next, all within their dates, all fit for their part.
 * @param now milliseconds since the epoch
 * @returns why not; undefined where one does
 * @throws OAuthError `certificate_malformed`
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

function noPath(path: readonly X509Certificate[]): CertificateProblem | undefined {
  const last = path.at(-1)
  if (last === undefined) return undefined
  if (path.length === LONGEST_PATH) return problemWith(last, 'chain_too_long', { most: LONGEST_PATH })
  return problemWith(last, 'no_path', { issuer: cut(formatName(contentsOf(last).issuer)) })
}

/** An unreadable certificate among those sent along is one that leads nowhere. */
function isReadable(certificate: X509Certificate): boolean {
  try {
    contentsOf(certificate)
    return true
  } catch (error) {
    if (error instanceof OAuthError) return false
    throw error
  }
}

/** Follows signatures from a certificate to the anchors; whether the path may be used is another question. */
class PathSearch {
  readonly #anchors: readonly X509Certificate[]
  readonly #intermediates: readonly X509Certificate[]
  #work = 0
  /** The longest path that was followed, whether it led to an anchor or not. */
  longest: readonly X509Certificate[] = []

  constructor(anchors: readonly X509Certificate[], intermediates: readonly X509Certificate[]) {
    this.#anchors = anchors
    this.#intermediates = intermediates.filter(({ raw }) => !anchors.some((anchor) => anchor.raw.equals(raw)))
  }

  /** @param path from the client's certificate to one whose issuer is looked for */
  *pathsFrom(path: readonly X509Certificate[]): Generator<readonly X509Certificate[]> {
    if (path.length > this.longest.length) this.longest = path
    if (path.length === LONGEST_PATH) return
    for (const issuer of this.#candidates(path)) {
      if (!this.#issued(path, issuer)) continue
      if (this.#anchors.includes(issuer)) yield [...path, issuer]
      else yield* this.pathsFrom([...path, issuer])
    }
  }

  /** All certificates with the name of the issuer. Those whose key identifier also fits come first (RFC 5280 §4.2.1.1). */
  #candidates(path: readonly X509Certificate[]): readonly X509Certificate[] {
    const last = path.at(-1)
    if (last === undefined) return []
    const { issuer } = contentsOf(last)
    return [...this.#anchors, ...this.#intermediates]
      .filter((one) => isSameName(issuer, contentsOf(one).subject) && !path.some(({ raw }) => raw.equals(one.raw)))
      .toSorted((one, other) => Number(last.checkIssued(other)) - Number(last.checkIssued(one)))
  }

  #issued(path: readonly X509Certificate[], issuer: X509Certificate): boolean {
    const last = path.at(-1)
    if (last === undefined) return false
    const key = publicKeyOf(issuer)
    const cost = key && costOf(key)
    if (key === undefined || cost === undefined || this.#work + cost > MOST_WORK) return false
    this.#work += cost
    return last.verify(key)
  }
}
