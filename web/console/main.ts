import { mount } from 'svelte';
import '../shared/tokens.css';
import '../shared/controls.css';
import './console.css';
import { locale } from '../shared/i18n.svelte';
import App from './App.svelte';

locale.mark();
const target = document.getElementById('app');
if (target) mount(App, { target });
