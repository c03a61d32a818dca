import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const guides = JSON.parse(readFileSync(new URL('guides.json', import.meta.url), 'utf8')) as [string, string][]

export default defineConfig({
  title: 'udpipe',
  description: 'Connections over UDP for low-latency multiplayer games',
  cleanUrls: false,
  ignoreDeadLinks: false,
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guides', link: '/first-game' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: [
      { text: 'Guides', items: guides.map(([name, text]) => ({ text, link: name === 'index' ? '/' : `/${name}` })) },
      { text: 'Reference', items: [{ text: 'Every public name', link: '/reference/' }] },
    ],
  },
})
