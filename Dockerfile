# One image for every role: docker build -t aggregator .  Then see compose.yaml.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock ./
# The lock holds the developers' tools as well: they build here, and the panel gets only what it asks for, as locked.
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock
RUN python -m venv --without-pip /panel \
    && uv pip install --no-cache --python /panel/bin/python --constraint requirements.lock --requirement pyproject.toml
COPY . .
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
    && uv pip install --no-cache --python /panel/bin/python --no-deps wheels/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home panel && install --directory --owner panel /app/data
COPY --from=build /panel /panel
COPY config /app/config
ENV PATH=/panel/bin:$PATH PYTHONUNBUFFERED=1 AGGREGATOR_CONFIG=/app/config
WORKDIR /app
USER panel
VOLUME /app/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["aggregator"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
