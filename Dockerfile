# docker build -t photo-check . && docker run --rm -p 7860:7860 photo-check
FROM python:3.11-slim-bookworm

WORKDIR /app
COPY packages.txt requirements.txt ./
RUN apt-get update \
    && apt-get install -y --no-install-recommends $(cat packages.txt) \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir -r requirements.txt

COPY LICENSE app.py ./
COPY detector detector
COPY weights weights

# Its home holds what is computed once for the examples.
RUN useradd --create-home --uid 1000 user
USER user

ENV GRADIO_SERVER_NAME=0.0.0.0 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=8)"]
CMD ["python", "app.py", "--port", "7860"]
