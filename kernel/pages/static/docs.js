// The API's own description, to be read and tried.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });
