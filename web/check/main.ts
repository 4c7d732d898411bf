import { mount } from 'svelte';
import '../shared/tokens.css';
import '../shared/controls.css';
import { locale } from '../shared/i18n.svelte';
import { theme } from '../shared/theme.svelte';
import App from './App.svelte';

locale.mark();
theme.mark();
const target = document.getElementById('app');
if (target) mount(App, { target });
