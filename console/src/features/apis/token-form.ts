import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../api/me.ts'
import type { Api } from './queries.ts'
import { firstClientQuery, sampleQuery } from './queries.ts'
import type { Facts } from './verifiers/facts.ts'

/**
 * The form that tokens of an API really have, by its preset and settings, as a sample token of one of its clients shows. Without a
 * client, the settings of the API say it.
 */
export function useTokenForm({ audience, token = {} }: Api): Pick<Facts, 'typ' | 'algorithm' | 'claim' | 'isList'> {
  const mayRead = useMay()('clients:read', 'anything')
  const { data: client = '' } = useQuery({ ...firstClientQuery(audience), enabled: mayRead })
  const { data: sample } = useQuery(sampleQuery(audience, client))
  const { header = {}, claims = {} } = sample ?? {}
  const claim = ['scope', 'scp'].find((one) => one in claims) ?? token.scope_claims?.[0] ?? 'scope'
  return {
    typ: typeof header['typ'] === 'string' ? header['typ'] : (token.typ ?? 'at+jwt'),
    algorithm: typeof header['alg'] === 'string' ? header['alg'] : (token.algorithm ?? 'ES256'),
    claim,
    isList: claim in claims ? Array.isArray(claims[claim]) : claim === 'scp',
  }
}
