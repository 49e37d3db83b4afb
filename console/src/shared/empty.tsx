import classes from './empty.module.css'

interface Props {
  readonly title: string
  /** Says what the place is for, and how it fills. */
  readonly children: React.ReactNode
  readonly action?: React.ReactNode
}

/** A place that has nothing yet, and teaches how it fills. */
export const Empty = ({ title, children, action }: Props) => (
  <div className={classes['empty']}>
    <svg
      width="56"
      height="40"
      viewBox="0 0 56 40"
      fill="none"
      stroke="currentColor"
      strokeDasharray="3 3"
      aria-hidden="true"
    >
      <path d="M3 5 17 3l1 14-14 1zM22 4l14 1-1 13-13-1zM40 5l13-2 1 15-14-1zM4 22l14-1-1 15-13 1zM22 22l13-1 1 16-14-1z" />
      <path className={classes['tile']} stroke="none" d="m40 21 13 1 1 14-14 1z" />
    </svg>
    <h2>{title}</h2>
    <p>{children}</p>
    {action}
  </div>
)
