import { homeApp } from './home.ts';

export const app = homeApp(10);
