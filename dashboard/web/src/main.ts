import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/print.css";

const target = document.getElementById("app");
if (!target) throw new Error("#app: not in the page, expected the element to mount on");
mount(App, { target });
