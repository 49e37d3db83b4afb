// The theme without its font: the site uses that of the system, as the console does.
import theme from 'vitepress/theme-without-fonts'
import './style.css'

export default theme
