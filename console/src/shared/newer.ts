import { useEffect } from 'react'
import type { Tagged } from '../api/client.ts'

/**
 * Lets a form follow the server while nothing in it is changed.
 * @param base the state from which the person began
 * @param begin fills the form with another state
 */
export function useNewer<Data>(
  present: Tagged<Data>,
  base: Tagged<Data>,
  isChanged: boolean,
  begin: (next: Tagged<Data>) => void,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a newer state is taken as it comes
  useEffect(() => {
    if (present.etag !== base.etag && !isChanged) begin(present)
  }, [present.etag])
}
