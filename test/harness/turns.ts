/** Counts the turns of the event loop. @returns a function that stops counting and gives the count */
export function countTurns(): () => number {
  let turns = 0
  let next = setImmediate(turn)
  function turn(): void {
    turns += 1
    next = setImmediate(turn)
  }
  return () => {
    clearImmediate(next)
    return turns
  }
}
