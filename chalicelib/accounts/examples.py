"""Requests and answers as the API's description shows them."""

from __future__ import annotations

USER = {
    "id": "0d9e6a4e-4a3c-4a57-9f4c-3f6a2f0f5c11",
    "email": "ada@example.com",
    "is_active": True,
    "created_at": "2026-11-21T04:05:06.000000Z",
}
TOKENS = {"access_token": "eyJraWQ...", "refresh_token": "eyJjdHk...", "token_type": "bearer"}
REGISTER = {"email": "ada@example.com", "password": "analytical-engine"}
LOGIN = {"username": "ada@example.com", "password": "analytical-engine"}
REGISTERED = {"success": True, "data": {"user": USER, "tokens": TOKENS}, "message": "Registration successful"}
REFRESH = {"refresh_token": "eyJjdHk..."}
REFRESHED = {"success": True, "data": TOKENS, "message": "Token refreshed"}
ME = {"success": True, "data": USER, "message": ""}
