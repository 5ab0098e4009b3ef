"""The limit of intake: FastAPI that answers 202 to a POST and does nothing else."""

from fastapi import FastAPI, Response

app = FastAPI()


@app.post("/", status_code=202)
async def receive() -> Response:
    return Response(status_code=202)
