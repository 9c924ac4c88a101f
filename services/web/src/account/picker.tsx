/** The development issuer's account picker; where a proxy signs people in, one link to it. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ACCOUNTS_KEY } from "../api/keys";
import { inWords } from "../api/problem";
import { go } from "../frame/route";
import { useSession } from "../session/session";
import { accountsOf } from "../session/sign-in";

export function Picker({ title }: { title: string }) {
  const session = useSession();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const accounts = useQuery({
    queryKey: ACCOUNTS_KEY,
    queryFn: () => accountsOf(session.config),
    staleTime: Number.POSITIVE_INFINITY,
  });

  const choose = async (userId: string) => {
    setProblem(null);
    try {
      await session.signIn(userId);
      go("/creations/all");
    } catch (error) {
      setProblem(inWords(error));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (/^[A-Za-z0-9_-]{1,64}$/.test(name.trim())) {
      void choose(name.trim());
    } else {
      setProblem("A name has letters, digits, hyphens and underscores, 64 at the most.");
    }
  };

  if (session.config.sign_in.method === "GET") {
    return session.userId === null ? (
      <div className="view picker">
        <h1>{title}</h1>
        <a className="button" href={session.config.sign_in.url}>
          Sign in
        </a>
      </div>
    ) : null;
  }
  const Heading = session.userId === null ? "h1" : "h2";
  return (
    <section className="picker" aria-label={title}>
      <Heading>{title}</Heading>
      <p className="picker-about">For trying out: anybody may be anybody here.</p>
      <div className="picker-accounts">
        {(accounts.data ?? [])
          .filter((account) => account.user_id !== session.userId)
          .map((account) => (
            <button
              key={account.user_id}
              type="button"
              className="picker-account"
              onClick={() => void choose(account.user_id)}
            >
              <span className="avatar" aria-hidden="true">
                {account.user_id.slice(0, 1).toUpperCase()}
              </span>
              <span>
                <strong>{account.user_id}</strong>
                <span className="picker-note">{account.about}</span>
              </span>
            </button>
          ))}
      </div>
      <form className="picker-form" onSubmit={submit}>
        <label className="field">
          <span>Another name</span>
          <input value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />
        </label>
        <button type="submit" className="button button-quiet" disabled={name.trim() === ""}>
          Sign in
        </button>
      </form>
      {problem === null ? null : (
        <p className="note" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
