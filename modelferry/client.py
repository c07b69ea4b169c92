"""The client: one service, spoken to as one tenant."""

import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self, overload

from modelferry import engines, export, sources, transplants, uploads
from modelferry.conversion import Conversion
from modelferry.engines import Engine
from modelferry.errors import BadAnswer, Misuse, NotVerified
from modelferry.job import Job
from modelferry.progress import Progress, silent
from modelferry.proofs import unproved
from modelferry.samples import Samples, sent
from modelferry.shelves import Shelves
from modelferry.targets import Matrix, Options, asked, known
from modelferry.transport import Transport, body
from modelferry.types import Compatibility, Coverage, JobView, ModelView, SamplesView, Target
from modelferry.wire import read

Targets = list[str] | list[Target] | list[str | Target] | tuple[str | Target, ...]
OnChange = Callable[[JobView], None]


class Modelferry(Shelves):
    """A Modelferry service.

        ferry = Modelferry("http://127.0.0.1:8080")
        result = ferry.convert("model.keras", to="onnx", output="model.onnx")
        assert result.verified

    Args:
        url: by default MODELFERRY_URL, else http://127.0.0.1:8080.
        tenant: whose models and jobs; by default MODELFERRY_TENANT, else `default`.
        patience: seconds for which each request is tried again while the service is away.

    Every method raises a ModelferryError; `modelferry.errors` draws the tree.
    """

    def __init__(
        self, url: str | None = None, *, tenant: str | None = None, patience: float = 30.0
    ) -> None:
        super().__init__(Transport(url, tenant=tenant, patience=patience))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._transport.close()

    @property
    def url(self) -> str:
        return self._transport.url

    def convert(
        self,
        source: Any,
        to: str,
        *,
        options: Options | None = None,
        template: Any = None,
        mapping: str | Path | None = None,
        output: str | Path | None = None,
        format: str | None = None,
        samples: Samples | None = None,
        priority: int | None = None,
        example_inputs: Any = None,
        require_verified: bool = False,
        timeout: float | None = None,
        progress: Progress = silent,
        on_change: OnChange | None = None,
    ) -> Conversion:
        """Upload, submit, wait, download.

        Args:
            source: a file, a model's folder, a TensorFlow checkpoint's prefix, a ModelView, or a
                live object: keras.Model, torch.nn.Module (with `example_inputs`),
                onnx.ModelProto.
            to: name of the target format.
            options: of the conversion, such as `{"opset": 18, "simplify": True}`.
            template: a model that the weights of the source are put into, given as a source is
                or by its id; what it computes then is what is converted on to `to`.
            mapping: which variable is which, where that is not to be worked out: the name of a
                known family, the text of a mapping file, or its Path.
            output: where the result is put: a file, or a folder for its own name.
            format: what the source is, where that is ambiguous.
            samples: inputs to verify with, instead of generated ones.
            priority: higher goes first.
            require_verified: a result that nothing could run is an error too, also where every
                variable of it was compared.
            timeout: seconds to wait for the job.
            progress: called while bytes are sent or received.
            on_change: called with the job whenever it has changed.

        Raises:
            StepRefused: the model could not be converted; AccuracyMismatch when it was, and
                does not compute the same; AmbiguousMapping, UnmappedWeights when it is not
                clear which variable goes where: `mapping_file` of the job is what to edit.
            NotVerified: see `require_verified`.
            ModelferryError: all else.
        """
        model = self.upload(
            source, format=format, example_inputs=example_inputs, progress=progress
        )
        filled = self._template(template, example_inputs, progress)
        options = transplants.wished(options, filled, mapping)
        job = self.submit(model, to, options=options, samples=samples, priority=priority)
        for view in job.watch(timeout=timeout):
            if on_change is not None:
                on_change(view)
        job.succeeded()
        if require_verified and not job.verified:
            raise NotVerified(
                f"{unproved(job.view)} Take it as it is with `modelferry download {job.id}`.",
                job_id=job.id,
            )
        path = None if output is None else job.download(output, progress=progress)
        return Conversion(job.view, path, job.verified)

    def upload(
        self,
        source: Any,
        *,
        format: str | None = None,
        example_inputs: Any = None,
        dynamic_shapes: Any = ...,
        progress: Progress = silent,
    ) -> ModelView:
        """Send a model. Bytes that the service has already give the model that it has.

        An upload that breaks off is gone on with by the next call for the same bytes.

        Raises:
            BadUpload: the service cannot use the file; the class says why.
            Misuse: there is no such file; ExportFailed when a live object has none to give.
        """
        if isinstance(source, ModelView):
            return source
        with ExitStack() as stack:
            if isinstance(source, str | Path):
                path = Path(source)
            else:
                path = export.written(
                    source,
                    Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modelferry-"))),
                    example_inputs=example_inputs,
                    dynamic_shapes=dynamic_shapes,
                )
            bytes_at_hand = stack.enter_context(sources.opened(path, progress))
            return uploads.send(self._transport, bytes_at_hand, format=format, progress=progress)

    def upload_samples(self, samples: str | Path | Mapping[str, Any]) -> SamplesView:
        """Send inputs to verify or calibrate with: an .npz, or arrays by input name.

        Raises:
            BadSamples: the service cannot read them.
        """
        return sent(self._transport, samples)

    @overload
    def submit(
        self,
        model: ModelView | str,
        to: str | Target,
        *,
        options: Options | None = None,
        matrix: None = None,
        samples: Samples | None = None,
        priority: int | None = None,
        key: str | None = None,
    ) -> Job: ...
    @overload
    def submit(
        self,
        model: ModelView | str,
        to: Targets,
        *,
        options: Options | None = None,
        matrix: Matrix | None = None,
        samples: Samples | None = None,
        priority: int | None = None,
        key: str | None = None,
    ) -> list[Job]: ...
    @overload
    def submit(
        self,
        model: ModelView | str,
        to: str,
        *,
        options: Options | None = None,
        matrix: Matrix,
        samples: Samples | None = None,
        priority: int | None = None,
        key: str | None = None,
    ) -> list[Job]: ...
    def submit(
        self,
        model: ModelView | str,
        to: str | Target | Targets,
        *,
        options: Options | None = None,
        matrix: Matrix | None = None,
        samples: Samples | None = None,
        priority: int | None = None,
        key: str | None = None,
    ) -> Job | list[Job]:
        """Ask for a conversion: one job for one target, a list for several or for a matrix.

        Args:
            model: as `upload` gave it, or its id.
            options: for each target that is given by name alone.
            matrix: likewise; one job for each combination of its values, such as
                `{"precision": ["fp16", "int8"], "gpu": ["H100", "L4"]}`.
            key: Idempotency-Key: the same key gives the same jobs. One is made up for each
                call and kept through its retries, so a broken line never makes two jobs.

        Raises:
            Unplannable: no such target, no route, or options that fit none.
            KeyReused: the key was used for another request.
            Misuse: a Target with a matrix that is not in a list, although it is several jobs.
        """
        if isinstance(to, Target) and to.matrix:
            raise Misuse("A target with a matrix is several jobs: give it in a list.", field="to")
        alone = isinstance(to, str | Target) and not matrix
        wanted: Sequence[str | Target] = [to] if isinstance(to, str | Target) else to
        request: dict[str, Any] = {
            "model_id": model if isinstance(model, str) else model.id,
            "targets": [asked(each, options, matrix) for each in wanted],
        }
        if samples is not None:
            request["samples"] = sent(self._transport, samples).id
        if priority is not None:
            request["priority"] = priority
        answer = self._transport.ask(
            "POST",
            "/v1/jobs",
            json=request,
            headers={"Idempotency-Key": key or str(uuid.uuid4())},
        )
        jobs = [Job(self._transport, read(JobView, each)) for each in body(answer)["jobs"]]
        return jobs[0] if alone else jobs

    def check(
        self,
        source: Any,
        to: str,
        *,
        options: Options | None = None,
        template: Any = None,
        mapping: str | Path | None = None,
        format: str | None = None,
        samples: Samples | None = None,
        example_inputs: Any = None,
        timeout: float | None = None,
        progress: Progress = silent,
        on_change: OnChange | None = None,
    ) -> Coverage:
        """What a target covers of a model, with nothing built. Arguments as for `convert`.

        Raises:
            NoRoute: nobody can say it of that target.
            ModelferryError: all else; nodes that are not covered are no error.
        """
        model = self.upload(
            source, format=format, example_inputs=example_inputs, progress=progress
        )
        filled = self._template(template, example_inputs, progress)
        options = transplants.wished(options, filled, mapping)
        request: dict[str, Any] = {"target": asked(to, options, None)}
        if samples is not None:
            request["samples"] = sent(self._transport, samples).id
        answer = self._transport.ask(
            "POST", f"/v1/models/{model.id}/check", json=request, repeatable=False
        )
        job = Job(self._transport, read(JobView, body(answer)))
        for view in job.watch(timeout=timeout):
            if on_change is not None:
                on_change(view)
        coverage = job.succeeded().report.coverage
        if coverage is None:
            raise BadAnswer(f"Job {job.id} checked the model and says nothing.", job_id=job.id)
        return coverage

    def compatibility(
        self,
        engine: Engine | Job,
        *,
        gpu: str,
        compute_capability: str | None = None,
        memory: int | None = None,
        driver: str | None = None,
        library: str | None = None,
        cuda: str | None = None,
    ) -> Compatibility:
        """Whether an engine runs on a GPU that is described, and why not.

        Args:
            engine: its job or the job's id, its manifest, or a path: the engine, the JSON
                beside it, or its zip.
            gpu: the name, as `nvidia-smi -L` prints it.
            memory: in bytes.
            library: the version of TensorRT there.

        Raises:
            NotFound: no such job, or it built no engine.
            Misuse: the file holds no manifest.
        """
        told = {
            "name": gpu,
            "compute_capability": compute_capability,
            "memory": memory,
            "driver": driver,
        }
        request = engines.described(engine.view if isinstance(engine, Job) else engine)
        request |= {"gpu": known(told)} | known({"library": library, "cuda": cuda})
        answer = self._transport.ask("POST", "/v1/engines/compatibility", json=request)
        return read(Compatibility, body(answer))

    def _template(
        self, template: Any, example_inputs: Any, progress: Progress
    ) -> ModelView | str | None:
        """The model to be filled, sent unless it is there already."""
        if template is None or transplants.is_id(template):
            named: str | None = template
            return named
        return self.upload(template, example_inputs=example_inputs, progress=progress)
