import type { MasterKey } from '../../src/crypto/master-key.ts'
import type { KeyAlgorithm } from '../../src/keys/algorithms.ts'
import { createKey, encryptKey } from '../../src/keys/candidate.ts'
import type { Candidate } from '../../src/keys/schedule.ts'

/** A new key, encrypted under `masterKey`. */
export const newCandidate = async (algorithm: KeyAlgorithm, masterKey: MasterKey): Promise<Candidate> =>
  encryptKey(await createKey(algorithm), masterKey, undefined)
