/** Texts of the dialog about a state that somebody else has changed. */
export const stale = {
  title: 'Somebody else changed this meanwhile',
  lead: 'Nothing of yours is lost. Compare both, and decide.',
  field: 'Field',
  theirs: 'Theirs, in force',
  mine: 'Yours, not saved',
  unchanged: 'unchanged',
  nothing: 'nothing',
  takeTheirs: 'Take theirs, drop mine',
  keepMine: 'Save mine on top of theirs',
} as const
