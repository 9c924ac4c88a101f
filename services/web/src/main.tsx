import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { loadConfig } from "./config";
import { SessionProvider } from "./session/session";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/generating.css";
import "./styles/gallery.css";
import "./styles/details.css";
import "./styles/account.css";

const root = document.getElementById("root");
if (root !== null) {
  loadConfig().then(
    (config) =>
      createRoot(root).render(
        <StrictMode>
          <SessionProvider config={config}>
            <App />
          </SessionProvider>
        </StrictMode>,
      ),
    () => {
      root.textContent = "The page couldn't be started: the server can't be reached. Reload it in a moment.";
    },
  );
}
