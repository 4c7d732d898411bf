// The texts of signing in, the same for all pages that people sign in to.

import { dictionary } from '../i18n.svelte';

export const t = dictionary({
  brand: ['天德', 'Tiande'],
  signIn: ['登录', 'Sign in'],
  username: ['用户名', 'User name'],
  password: ['密码', 'Password'],
  signingIn: ['正在登录…', 'Signing in…'],
  loading: ['正在载入…', 'Loading…'],
  unreachable: ['连接不上服务器', 'The server cannot be reached'],
  retry: ['重试', 'Try again'],
  language: ['切换为英文', 'Switch to Chinese'],
});
