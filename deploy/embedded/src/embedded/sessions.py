"""The page's sign-in at the development issuer: the session cookie set, told and taken back."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from embedded.demo import ACCOUNTS
from embedded.issuer import TOKEN_LIFE_S, DevelopmentIssuer, TokenRequest
from shared.auth import SESSION_COOKIE
from shared.http.answers import json_answer
from shared.http.body import StrictRoute
from shared.http.origin import require_own_origin
from shared.http.problems import Problem
from shared.ids import IdText


class SessionRequest(BaseModel):
    """Who to be in this browser."""

    model_config = ConfigDict(extra="forbid")

    user_id: IdText


class SessionView(BaseModel):
    """Who this browser is signed in as."""

    user_id: str


class AccountView(BaseModel):
    """An account that the picker offers."""

    user_id: str
    about: str


class AccountList(BaseModel):
    """The demo's accounts."""

    items: list[AccountView]


def session_routes(issuer: DevelopmentIssuer) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/dev", route_class=StrictRoute)

    @router.get("/session")
    async def who_am_i(request: Request) -> Response:
        token = request.cookies.get(SESSION_COOKIE)
        if not token:
            raise Problem(401, "sign_in_required", "Nobody is signed in here.")
        user_id = issuer.subject(token)
        if user_id is None:
            raise Problem(401, "token_invalid", "The session has expired: sign in again.")
        return json_answer(SessionView(user_id=user_id))

    @router.post("/session")
    async def sign_in(wanted: SessionRequest, request: Request) -> Response:
        require_own_origin(request)
        answer = json_answer(SessionView(user_id=wanted.user_id))
        token = issuer.token(TokenRequest(user_id=wanted.user_id)).access_token
        answer.set_cookie(SESSION_COOKIE, token, max_age=TOKEN_LIFE_S, path="/", httponly=True, samesite="strict")
        return answer

    @router.delete("/session")
    async def sign_out(request: Request) -> Response:
        require_own_origin(request)
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        # Whatever the browser kept of private images and of what was typed goes with the cookie.
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    @router.get("/accounts")
    async def accounts() -> Response:
        items = [AccountView(user_id=account.user_id, about=account.about) for account in ACCOUNTS]
        return json_answer(AccountList(items=items))

    return router
