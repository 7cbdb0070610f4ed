"""The yardstick: a bare Flask page that makes one indexed query and renders 20 cards, and does nothing else."""

import os

from flask import Flask, render_template_string
from sqlalchemy import create_engine, text

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Goods</title></head><body><h1>Goods</h1>
<ul>{% for row in rows %}<li class="card"><a href="/products/{{ row.slug }}"><b>{{ row.title }}</b>
<span>{{ row.vendor }}</span></a></li>{% endfor %}</ul></body></html>"""
QUERY = text("SELECT slug, title, vendor FROM products WHERE active = TRUE ORDER BY created_at DESC LIMIT 20")

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"))


@app.get("/")
def goods():
    with engine.connect() as connection:
        return render_template_string(PAGE, rows=connection.execute(QUERY).all())


@app.get("/healthz")
def alive():
    return "ok"
