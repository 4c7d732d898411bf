import { mount } from 'svelte';
import '../shared/tokens.css';
import './portal.css';
import { locale } from '../shared/i18n.svelte';
import App from './App.svelte';
import { letters } from './state/letters.svelte';
import { colours } from './state/colours';

locale.mark();
letters.mark();
colours();
const target = document.getElementById('app');
if (target) {
  // What stands there for browsers that cannot run this.
  target.textContent = '';
  mount(App, { target });
}
