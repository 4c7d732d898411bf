// The part of the handheld for measures in the field, loaded after the page's first picture.

export { Field } from './field.svelte';
export { default as FieldView } from './FieldView.svelte';
export { default as Elsewhere } from './Elsewhere.svelte';
