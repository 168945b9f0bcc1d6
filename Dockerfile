FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends tesseract-ocr=5.* \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY .ci/constraints.txt .ci/constraints.txt
COPY rag_app rag_app
COPY ingest ingest
COPY ui ui
COPY data data
# PyTorch's own index has a build without GPU libraries: --build-arg TORCH_INDEX=URL.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url $TORCH_INDEX} torch==2.13.0 \
    && pip install --no-cache-dir --constraint .ci/constraints.txt . \
    && useradd --create-home --uid 1000 reader \
    && install --directory --owner reader /index
USER reader
VOLUME /index
EXPOSE 8501
# Other machines are let in with the password that is asked for.
CMD ["rag-ui", "--host", "0.0.0.0", "--index", "/index"]
