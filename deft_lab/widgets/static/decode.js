// sources core/layout.js core/theme.js core/words.js decode/decode.css decode/film.js decode/layout.js decode/player.js decode/run.js decode/views.js widgets/decode.js build.mjs package-lock.json sha256 8dc219028c00dc8e
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var v,Pe,ct,L,oe,K,Ce,R,Oe,re,se,it,N=Symbol.for("pv"),V={},G=[],dt=/^m(i|n|o|s|text|space)$/,ae=Array.isArray,le=G.slice,I=Object.assign;function O(t){t&&t.parentNode&&t.remove()}function d(t,e,n){var o,r,s,a={},c=arguments.length;for(s in e)s=="key"?o=e[s]:s=="ref"&&typeof t!="function"?r=e[s]:a[s]=e[s];return c>2&&(a.children=c>3?le.call(arguments,2):n),D(t,a,o,r,null)}function D(t,e,n,o,r){var s={type:t,props:e,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:N,__v:r||++Pe,__i:-1,__u:0};return!r&&v.vnode&&v.vnode(s),s}function X(t){return t.children}function q(t,e){this.props=t,this.context=e,this.__g=0}function P(t,e){if(e==null)return t.__&&P(t.__,t.__i+1);for(var n;e<t.__k.length;e++)if((n=t.__k[e])&&n.__e)return n.__e;return typeof t.type!="function"||t.props.__P?null:P(t)}function pt(t){var e,n=t.__v,o=n.__e,r=[],s=[],a=t.__P;a&&((e=I({constructor:N},n)).__v=n.__v+1,v.vnode&&v.vnode(e),ce(a,e,n,t.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||P(n),32&n.__u,s),e.__v=n.__v,e.__.__k[e.__i]=e,Fe(r,e,s),n.__=n.__e=null,e.__e!=o&&Ie(e))}function Ie(t){if((t=t.__)&&t.__c&&!t.props.__P)return t.__e=null,t.__k.some(function(e){return e&&(t.__e=e.__e)}),Ie(t)}function Ee(t){(8&t.__g||(t.__g|=8,L.push(t),K++))&&oe==v.debounceRendering||((oe=v.debounceRendering)||queueMicrotask)(Be)}function Be(){try{for(var t,e=1;L.length;)L.length>e&&L.sort(Ce),t=L.shift(),e=L.length,8&t.__g&&pt(t)}finally{(K=L.length)&&(oe||queueMicrotask)(Be)}}function De(t,e,n,o,r,s,a,c,p,h,i){var f,u,l,g,x,m,y=o.__k||G,b=e.length;for(p=ut(n,e,y,p,b),f=0;f<b;f++)(l=n.__k[f])!=null&&(u=~l.__i&&y[l.__i]||V,l.__i=f,m=ce(t,l,u,r,s,a,c,p,h,i),g=l.__e,(u.ref!=l.ref||8&u.__u)&&(u.ref&&ie(u.ref,null,l,u),l.ref&&i.push(l.ref,l.__c||g,l)),x=x||g,4&l.__u?(p=Ne(l,p,t,!u.__v),u.__e&&(u.__e=null)):typeof l.type=="function"&&m!==void 0?p=m:g&&(p=g.nextSibling),l.__u&=-21);return n.__e=x,p}function ut(t,e,n,o,r){var s,a,c,p,h,i,f,u,l,g=n.length,x=g,m=0,y=0,b=t.__k=Array(r);for(s=0;s<r;s++)(a=e[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=b[s]=D(null,a):ae(a)?a=b[s]=D(X,{children:a}):a.constructor===N&&a.__b?a=b[s]=D(a.type,a.props,a.key,a.ref,a.__v):b[s]=a,p=s+m,a.__=t,a.__b=t.__b+1,c=null,~(h=a.__i=ft(a,n,p,x))&&(x--,(c=n[h])&&(c.__u|=2)),c&&c.__v?(a.__u|=16,h==p-1?m--:h==p+1?m++:h!=p&&(h>p?m--:m++,y=1)):(~h||(r>g?m--:r<g&&m++),typeof a.type!="function"&&(a.__u|=4))):b[s]=null;if(y){for(i=[],f=[],s=0;s<r;s++)if((a=b[s])&&16&a.__u){for(m=0,u=i.length;m<u;)i[l=m+u>>1]<a.__i?m=l+1:u=l;i[m]=a.__i,f[s]=m+1}for(m=i.length;s--;)f[s]&&(f[s]==m?m--:b[s].__u|=4)}if(x)for(s=0;s<g;s++)!(c=n[s])||2&c.__u||(c.__e==o&&(o=P(c)),de(c,c));return o}function Ne(t,e,n,o){var r,s,a,c;if(typeof t.type=="function"){if(t.props.__P)return e;if(r=t.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=t,e=Ne(r[s],e,n,!1));return e}for(e&&!e.parentNode&&(e=P(t))&&!e.parentNode&&(e=null),a=t.__e,c=e;c&&c.nodeType==8;)c=c.nextSibling;for(a!=c&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,e):n.insertBefore(a,e||null)),e=a;(e=e&&e.nextSibling)&&e.nodeType==8&&!e.data.startsWith("$s"););return e}function ft(t,e,n,o){var r,s=t.key,a=t.type,c=e[n],p=c&&!(2&c.__u);if(c===null&&s==null||p&&s==c.key&&a==c.type)return n;if(o>(p?1:0)){for(r=n-1;r>=0;r--)if((c=e[r])&&!(2&c.__u)&&s==c.key&&a==c.type)return r;for(r=n+1;r<e.length;r++)if((c=e[r])&&!(2&c.__u)&&s==c.key&&a==c.type)return r}return-1}function Le(t,e,n){n==null&&(n=""),e[0]=="-"?t.setProperty(e,n):t[e]=n}function j(t,e,n,o,r){var s,a;if(e=="style")if(typeof n=="string")t.style.cssText=n;else{if(typeof o=="string"&&(t.style.cssText=o=""),o)for(e in o)n&&e in n||Le(t.style,e);if(n)for(e in n)o&&n[e]==o[e]||Le(t.style,e,n[e])}else if(e[0]=="o"&&e[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(t.__e||(t.__e={}))[e]=n,n&&o||(a=se[e]||(se[e]=_t(e)),(t.__a||(t.__a={}))[e]=re,s=e!=(e=e.replace(Oe,"$1")),(e=e.slice(2))[0]<"a"&&(e=e.toLowerCase()),n?t.addEventListener(e,a,s):t.removeEventListener(e,a,s));else{if(r=="http://www.w3.org/2000/svg")e=e.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(e!="width"&&e!="height"&&e!="href"&&e!="list"&&e!="form"&&e!="tabIndex"&&e!="download"&&e!="rowSpan"&&e!="colSpan"&&e!="role"&&e!="popover"&&e in t)try{return void(t[e]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&e[4]!="-"?t.removeAttribute(e):t.setAttribute(e,e=="popover"&&n==1?"":n)}}function _t(t){return function(e){var n=this.__e;if(n){if(n=n[t],e[R]==null)e[R]=re++;else if(e[R]<this.__a[t])return;return n(v.event?v.event(e):e)}}}function ce(t,e,n,o,r,s,a,c,p,h){var i,f,u,l,g,x,m,y,b,w,_,$,ne,T,S,Te,E,C,A=e.type;if(e.constructor!==N)return null;128&n.__u&&(p=32&n.__u,i=n.__c.__z)&&(e.__u|=p,f=s=[],i.nodeType==8?c=z(i,s):s.push(i),c=s[0]||c),(i=v.__b)&&i(e);e:if(typeof A=="function"){u=a.length;try{if(y=e.props,b=(i=A.prototype)&&i.render,w=(i=A.contextType)&&o[i.__c],_=i?w?w.props.value:i.__:o,(l=n.__c)?(e.__c=l,2&l.__g&&(l.__g|=1)):(b?e.__c=l=new A(y,_):(e.__c=l=new q(y,_),l.constructor=A,l.render=gt),w&&w.sub(l),l.state||(l.state={}),l.__n=o,l.__g|=8,l.__h=[],l.__k=[]),b&&(l.__s||(l.__s=l.state),A.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=I({},l.__s)),I(l.__s,A.getDerivedStateFromProps(y,l.__s)))),g=l.props,x=l.state,l.__v=e,n.__c){if(y!==g&&b&&!A.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(y,_),e.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(y,l.__s,_)===!1){e.__v!=n.__v&&(l.props=y,l.state=l.__s,l.__g&=-9),e.__e=n.__e,e.__k=n.__k,e.__k.some(function(M){M&&(M.__=e)}),G.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&a.push(l),c=P(n);break e}l.componentWillUpdate&&l.componentWillUpdate(y,l.__s,_),b&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(g,x,m)})}else b&&!A.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),b&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=_,l.props=y,l.__P=t,l.__g&=-5,$=v.__r,ne=b?25:0;do l.__g&=-9,$&&$(e),i=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++ne<25);b&&(G.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(o=I({},o,l.getChildContext())),b&&n.__c&&l.getSnapshotBeforeUpdate&&(m=l.getSnapshotBeforeUpdate(g,x)),T=i&&i.type===X&&i.key==null?i.props.children:i,y.__P&&(i=c,r=(t=y.__P).namespaceURI,p=s=null,n.props&&n.props.__P!=t&&(n.__k.some(function(M){M&&de(M,M)}),n.__k=null),c=n.__k?P(n,0):null),c=De(t,ae(T)?T:[T],e,n,o,r,s,a,c,p,h),y.__P&&(e.__e=null,c=i),e.__u&=-161,f&&f.some(O),l.__h.length&&a.push(l),1&l.__g&&(l.__g&=-4)}catch(M){if(a.length=u,e.__v=null,p||s)if(M&&M.then){if(e.__u|=128|p,s){for(~(E=s.indexOf(c||void 0))||(E=s.length);(C=s[E-1])&&C.nodeType==8;)E--;for(;E<s.length;E++)if(C=s[E])if(s[E]=null,S){if(C==Te)break}else{if(C.nodeType!=8)break;C.data.startsWith("$s")&&(Te=z(S=C))}}if(!S){for(;c&&c.nodeType==8&&c.nextSibling;)c=c.nextSibling;S=c}(i=z(S=e.__c.__z||(e.__c.__z=S)))?(e.__e=S,c=i):e.__e=c,c=c&&c.nextSibling}else s&&s.some(O);else e.__e=n.__e;e.__k||(e.__k=n.__k||[]),M&&M.then||Ue(e),v.__e(M,e,n)}}else c=e.__e=ht(n.__e,e,n,o,r,s,a,p,h,t);return(i=v.diffed)&&i(e),c}function z(t,e){if(t&&t.nodeType==8&&t.data.startsWith("$s"))for(var n=1;t=t.nextSibling;){if(t.nodeType==8){if(t.data.startsWith("$s"))n++;else if(t.data.startsWith("/$s")&&!--n)return t}e&&e.push(t)}}function Ue(t){t&&(t.__c&&(t.__c.__g|=4),t.__k&&t.__k.some(Ue))}function Fe(t,e,n){for(var o=0;o<n.length;)ie(n[o++],n[o++],n[o++]);v.__c&&v.__c(e,t),t.some(function(r){try{t=r.__h,r.__h=[],t.some(function(s){s.call(r)})}catch(s){v.__e(s,r.__v)}})}function ht(t,e,n,o,r,s,a,c,p,h){var i,f,u,l,g,x,m,y,b=n.props||V,w=e.props,_=e.type;if(_=="svg"?r="http://www.w3.org/2000/svg":_=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(i=0;i<s.length;i++)if((g=s[i])&&(_?g.localName==_:g.nodeType==3)){t=g,s[i]=null;break}}if(!t){if(y=h.ownerDocument||document,!_)return y.createTextNode(w);t=y.createElementNS(r,_,w.is?w:h),c&&(v.__m&&v.__m(e,s),c=!1),s=null}if(_){if(h=_=="template"&&t.content||t,s=_=="textarea"&&w.defaultValue!=null?null:s&&le.call(h.childNodes),!c&&s)for(b={},i=0;i<t.attributes.length;i++)b[(g=t.attributes[i]).name]=g.value;for(i in b)g=b[i],i=="dangerouslySetInnerHTML"?u=g:i=="children"||i in w||i=="value"&&"defaultValue"in w||i=="checked"&&"defaultChecked"in w||j(t,i,null,g,r);for(i in w)g=w[i],i=="children"?l=g:i=="dangerouslySetInnerHTML"?f=g:i=="value"?x=g:i=="checked"?m=g:c&&typeof g!="function"||b[i]===g||j(t,i,g,b[i],r);f?(c||u&&(f.__html==u.__html||f.__html==t.innerHTML)||(t.innerHTML=f.__html),e.__k=[]):(u&&(t.textContent=""),(_=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&dt.test(_))&&(r="http://www.w3.org/1999/xhtml"),De(h,ae(l)?l:[l],e,n,o,r,s,a,s?s[0]:n.__k&&P(n,0),c,p),s&&s.some(O)),c&&_!="textarea"||(i="value",_=="progress"&&x==null?t.removeAttribute(i):x==null||x===t[i]&&(_!="progress"||x)||j(t,i,x,b[i],r),i="checked",m!=null&&m!=t[i]&&j(t,i,m,b[i],r))}else b===w||c&&t.data==w||(t.data=w);return t}function ie(t,e,n,o){try{typeof t=="function"?e?e.__x=t(e)||1:o&&(o=o.__c||o.__e)&&(e=o.__x)&&(o.__x=null,typeof e=="function"?e():t(null)):t.current=e}catch(r){v.__e(r,n)}}function de(t,e,n){var o,r,s,a;if(v.unmount&&v.unmount(t),!(o=t.ref)||o.current&&o.current!=t.__e||ie(o,null,e,t),o=t.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(c){v.__e(c,e)}o.__P=o.__n=null}if(o=t.__k)for(a=0;a<o.length;a++)o[a]&&de(o[a],e,typeof t.type!="function"||n&&!t.props.__P);!n&&(o=t.__c)&&(o=o.__z)&&(r=z(o,s=[]))&&(o==t.__e&&s.some(O),O(r),O(o)),n||O(t.__e),t.__e=t.__c=t.__=null}function gt(t,e,n){return this.constructor(t,n)}function pe(t,e){var n,o,r,s;v.__&&v.__(t,e),e.nodeType==9&&(e=e.documentElement),o=(n=t&&32&t.__u)?null:e.__k,e.__k=D(X,{children:[t]}),r=[],s=[],ce(e,e.__k,o||V,V,e.namespaceURI,o?null:e.firstChild?le.call(e.childNodes):null,r,o?o.__e:e.firstChild,n,s),Fe(r,e.__k,s),e.__k.props.children=null}v={__e:function(t,e,n,o){for(var r,s,a;e=e.__;)if((r=e.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(t)),r.componentDidCatch&&(r.componentDidCatch(t,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(c){t=c}}throw K=0,t}},Pe=0,ct=function(t){return t!=null&&t.constructor===N},q.prototype.setState=function(t,e){var n=this.__s;n&&n!=this.state||(n=this.__s=I({},this.state)),typeof t=="function"&&(t=t(I({},n),this.props)),t&&(I(n,t),this.__v&&(e&&this.__k.push(e),Ee(this)))},q.prototype.forceUpdate=function(t){this.__v&&(this.__g|=4,t&&this.__h.push(t),Ee(this))},q.prototype.render=X,L=[],K=0,Ce=function(t,e){return t.__v.__b-e.__v.__b},R=Symbol(),Oe=/(PointerCapture)$|Capture$/i,re=0,se={},it=0;var Q=t=>Number.isInteger(t)?String(t).replace(/\B(?=(\d{3})+$)/g,","):t.toLocaleString("en-US");function He(t,e){let n=t*2**(e+1),o=Number.isInteger(n)&&n%2!==0,r=Math.floor(t*10**e),s=o?(r+(r%2===0?0:1))/10**e:t,[a,c]=s.toFixed(e).split("."),p=a.replace(/\B(?=(\d{3})+$)/g,",");return c?`${p}.${c}`:p}var Y=t=>He(t,2),We=["B","kB","MB","GB","TB"];function J(t){if(t<1e3)return`${Math.round(t)} B`;let e=1;for(;e<We.length-1&&t>=999.95*1e3**e;)e+=1;let n=t/1e3**e,o=n<99.995?2:1;return`${He(n,o)} ${We[e]}`}function B(t,e){let n=t.length;for(let[o,r,s]of t.runs)n+=r*Math.max(0,Math.min(s,e-o+1));return n}var U=(t,e)=>t.born<=e&&(t.died===null||e<t.died),ue=(t,e)=>t.spans.some(([n,o])=>n<=e&&(o===null||e<o)),fe=(t,e)=>t.pieces.slice(0,B(t,e)).join("");function Re(t,e){if(e===0||!U(t,e))return 0;let n=t.born<e?B(t,e-1):0;return Array.from(t.pieces.slice(n,B(t,e)).join("")).length}function qe(t,e){let n=new Array(t.n_pages).fill(null),o=new Map(t.nodes.map(r=>[r.label,r]));for(let[r,s,a,c,p]of t.takes){if(c>e||p!==null&&e>=p)continue;let h=B(o.get(s),e)-a*t.page_size;n[r]={label:s,full:Math.min(t.page_size,h)/t.page_size}}return n}function F(t,e,n){let o=t.bytes[e];return{ours:o[t.method[0]][n],theirs:o[t.baseline[0]][n]}}function Z(t,e,n){if(!U(e,n))return`n${e.label} has just been pruned`;let o=B(e,n),r=Math.ceil(o/t.page_size),s=fe(e,n).replaceAll(`
`,"\u21B5"),a=s?`: \u201C${s.length>90?`\u2026${s.slice(-89)}`:s}\u201D`:"",c=ue(e,n)?", decodes now":"";return`n${e.label}: ${je(o,"token")} in ${je(r,"page")}${c}${a}`}var je=(t,e)=>`${t.toLocaleString("en-US")} ${e}${t===1?"":"s"}`;function _e(t){let e=t.marks.map(([n])=>n);return e.length<=9?e:[...Array(9).keys()].map(n=>e[Math.round(n*(e.length-1)/8)])}function ze(t,e,n){if(t.ctrlKey||t.metaKey||t.altKey)return null;let o=r=>Math.max(0,Math.min(n.n_steps,r));return t.key===" "?o(e+(t.shiftKey?-1:1)):t.key==="ArrowRight"||t.key==="ArrowDown"?o(e+1):t.key==="ArrowLeft"||t.key==="ArrowUp"?o(e-1):t.key==="PageDown"?o(e+10):t.key==="PageUp"?o(e-10):t.key==="Home"?0:t.key==="End"?n.n_steps:/^[1-9]$/.test(t.key)?_e(n)[Number(t.key)-1]??null:null}var xe=6.65,[me,be,xt]=[15,14,6],[he,ee,W,ye]=[7,26,14,14],[ge,yt]=[10,420],mt=[[6,5],[10,3],[16,2]],bt=8,kt=240,ke=t=>Array.from(t);function vt(t,e){let n=[],o=ke(t);for(;o.length>e;){let r=o.slice(0,e+1).lastIndexOf(" "),s=r>0?r+1:e;n.push(o.slice(0,s).join("")),o=o.slice(s)}return o.length?[...n,o.join("")]:n}function ve(t){let e=new Map;for(let{label:n,parent:o}of t.nodes)e.set(n,o===null?0:e.get(o)+1);return t.nodes.map(({label:n})=>e.get(n))}function we(t,e){let n=ve(t),o=new Array(Math.max(...n)+1).fill(ge);t.nodes.forEach((c,p)=>{let h=c.pieces.reduce((i,f)=>i+ke(f).length,0);o[n[p]]=Math.max(o[n[p]],Math.min(yt,h))});let r=Math.trunc((e-2*W-ee*(o.length-1)-ye*o.length)/xe),s=new Array(o.length).fill(ge),a=o.map((c,p)=>p);for(;a.length;){let c=r-s.reduce((f,u,l)=>f+(a.includes(l)?0:u),0),p=a.reduce((f,u)=>f+Math.sqrt(o[u]),0),h=new Map(a.map(f=>[f,Math.trunc(c*Math.sqrt(o[f])/p)])),i=a.filter(f=>o[f]<=h.get(f));for(let f of i.length?i:a)s[f]=Math.max(ge,i.length?o[f]:h.get(f));a=i.length?a.filter(f=>!i.includes(f)):[]}return s}function wt(t,e){let n=t.nodes.filter(r=>r.died===e&&r.born<e),o=new Set(n.length<=bt?n:[]);return t.nodes.flatMap((r,s)=>U(r,e)||o.has(r)?[s]:[]).slice(0,kt)}function $t(t){let e=t.queries.reduce((n,o)=>Math.max(n,o),0);return mt.find(([n])=>e<=n)?.[1]??1}function Mt(t,e,n,o){let r=vt(fe(t,e).replaceAll(`
`,"\u21B5"),n);if(r.length<=o)return r;let[s,...a]=r.slice(-o);return[`\u2026${ke(s).slice(1).join("")}`,...a]}function $e(t,e,n,o=ve(t)){let r=wt(t,e),s=$t(t),a=n.map((u,l)=>W+n.slice(0,l).reduce((g,x)=>g+xe*x+ye+ee,0)),c=new Map(t.nodes.map(({label:u},l)=>[u,l])),p=new Map;for(let u of r){let l=t.nodes[u],g=Mt(l,e,n[o[u]],s),x=me+be*g.length+xt,m=!U(l,e),y=l.parent===null?null:p.get(c.get(l.parent))??null,b={node:u,x:a[o[u]],y:0,width:xe*n[o[u]]+ye,height:x,lines:g,new:Re(l,e),ghost:m,parent:y,kids:[]};y?.kids.push(b),p.set(u,b)}let h=[...p.values()];for(let u of[...h].reverse())u.below=u.kids.length?u.kids.reduce((l,g)=>l+g.whole+he,-he):0,u.whole=Math.max(u.height,u.below);h[0].top=W;for(let u of h){u.y=u.top+(u.whole-u.height)/2;let l=u.top+(u.whole-u.below)/2;for(let g of u.kids)g.top=l,l+=g.whole+he}let i=Math.max(...h.map(u=>u.x+u.width)),f=Math.max(...h.map(u=>u.y+u.height));return{boxes:h,width:i+W,height:f+W}}var Ke=new WeakMap;function Ve(t,e){let n=Ke.get(t);if(n?.width===e)return n.height;let[o,r]=[we(t,e),ve(t)],s=Math.max(1,Math.ceil(t.n_steps/60)),a=0;for(let c=0;c<=t.n_steps;c+=s)a=Math.max(a,$e(t,c,o,r).height);return Ke.set(t,{width:e,height:a}),a}var k=t=>Math.round(t*100)/100;var te=["#56B4E9","#E69F00","#009E73","#CC79A7","#0072B2","#D55E00","#F0E442"],Me=["","M-1,5L5,-1M3,9L9,3","M-1,3L5,9M3,-1L9,5"],Ge="#111111",Xe="#FFFFFF";function Qe(t){let e=[1,3,5].map(n=>{let o=parseInt(t.slice(n,n+2),16)/255;return o<=.04045?o/12.92:((o+.055)/1.055)**2.4});return .2126*e[0]+.7152*e[1]+.0722*e[2]}function Ye(t,e){let[n,o]=[Qe(t),Qe(e)].sort((r,s)=>r-s);return(o+.05)/(n+.05)}var Je=t=>Ye(Ge,t)>=Ye(Xe,t)?Ge:Xe;var H=13;function Se(t,e){if(e===t.nodes[0].label)return{color:0,hatch:0};let n=e-1,o=te.length-1;return{color:1+n%o,hatch:Math.floor(n/o)%Me.length}}function Ze({id:t,film:e,labels:n}){let o=new Map(n.map(r=>Se(e,r)).filter(r=>r.hatch).map(r=>[`${r.color}${r.hatch}`,r]));return d("defs",null,[...o].map(([r,{color:s,hatch:a}])=>d("pattern",{key:r,id:`${t}-${r}`,width:8,height:8,patternUnits:"userSpaceOnUse"},d("rect",{width:8,height:8,fill:te[s]}),d("path",{d:Me[a],fill:"none",stroke:Je(te[s]),"stroke-width":1.1,"stroke-opacity":.5}))))}var et=(t,{color:e,hatch:n})=>n?{fill:`url(#${t}-${e}${n})`}:void 0;function tt({id:t,film:e,step:n,width:o,hover:r,setHover:s}){let a=$e(e,n,we(e,o)),c=Math.max(o,a.width);return d("svg",{role:"img","aria-label":`The tree at step ${n}. ${e.sentences[n]}`,width:c,height:a.height,viewBox:`0 0 ${k(c)} ${k(a.height)}`},d(Ze,{id:t,film:e,labels:a.boxes.map(p=>e.nodes[p.node].label)}),a.boxes.filter(p=>p.parent).map(p=>d("path",{key:`l${p.node}`,class:"link",d:St(p.parent,p),"stroke-dasharray":p.ghost?"3 3":void 0})),a.boxes.map(p=>d(At,{key:p.node,id:t,film:e,step:n,box:p,hover:r,setHover:s})))}function St(t,e){let[n,o,r,s]=[t.x+t.width,t.y+t.height/2,e.y+e.height/2,ee/2];return`M${k(n)},${k(o)}C${k(n+s)},${k(o)} ${k(n+s)},${k(r)} ${k(e.x)},${k(r)}`}function At({id:t,film:e,step:n,box:o,hover:r,setHover:s}){let a=e.nodes[o.node],c=Se(e,a.label),p=r===a.label,h=B(a,n).toLocaleString("en-US");return d("g",{"data-node":a.label,class:o.ghost?"ghost":"",onPointerEnter:()=>s?.(a.label),onPointerLeave:()=>s?.(null)},d("title",null,Z(e,a,n)),d("rect",{class:`box${p?" lit":""}`,x:k(o.x),y:k(o.y),width:k(o.width),height:k(o.height),rx:3}),d("rect",{class:`c${c.color}`,style:et(t,c),x:k(o.x),y:k(o.y),width:5,height:k(o.height)}),d("text",{class:"name",x:k(o.x+9),y:k(o.y+11)},o.ghost?`n${a.label} \xB7 pruned`:`n${a.label} \xB7 ${h}`),d(Tt,{box:o}),!o.ghost&&ue(a,n)&&d("circle",{class:"seat",cx:k(o.x+o.width+5),cy:k(o.y+o.height/2),r:3}))}function Tt({box:t}){let e=t.lines.reduce((n,o)=>n+Array.from(o).length,0);return t.lines.map((n,o)=>{let r=Array.from(n),s=Math.max(0,Math.min(r.length,e-t.new));return e-=r.length,d("text",{key:o,class:"mono",x:k(t.x+9),y:k(t.y+me+be*(o+1)-3),"xml:space":"preserve"},r.slice(0,s).join(""),s<r.length&&d("tspan",{class:"new"},r.slice(s).join("")))})}function nt({id:t,film:e,step:n,width:o,hover:r,setHover:s}){let a=qe(e,n),c=Math.max(1,Math.floor((o-8)/H)),p=a.filter(Boolean).length,h=H*Math.ceil(e.n_pages/c)+2;return d("svg",{role:"img","aria-label":`KV memory: ${p} of ${e.n_pages} pages are taken.`,width:o,height:h,viewBox:`0 0 ${o} ${h}`},d(Ze,{id:t,film:e,labels:[...new Set(a.filter(Boolean).map(({label:i})=>i))]}),a.map((i,f)=>{let[u,l]=[4+H*(f%c),1+H*Math.floor(f/c)],g=H-2;if(!i)return d("rect",{key:f,class:"free",x:u,y:l,width:g,height:g});let x=Se(e,i.label),m=Math.max(3,i.full*g);return d("g",{key:f,"data-node":i.label,onPointerEnter:()=>s?.(i.label),onPointerLeave:()=>s?.(null)},d("title",null,`page ${f}: n${i.label}, ${Math.round(i.full*e.page_size)} of ${e.page_size} slots`),d("rect",{class:"free",x:u,y:l,width:g,height:g}),d("rect",{class:`c${x.color}${r===i.label?" lit":""}`,style:et(t,x),x:u,y:k(l+g-m),width:g,height:k(m)}))}))}function ot({film:t,account:e,step:n,width:o}){let{ours:r,theirs:s}=F(t,e,n),a=Math.max(1,...Object.values(F(t,e,t.n_steps))),c=(h,i,f)=>d("div",{class:"deft-bytes-row"},d("span",{class:"who"},i),d("span",{class:"track"},d("span",{class:`bar ${h}`,style:{width:`${100*f/a}%`}})),d("span",{class:"value"},J(f))),p=r?`${Y(s/r)} times as many bytes without the tree`:"no decode yet";return d("div",{class:"deft-bytes"},c("ours",t.method[1],r),c("theirs",t.baseline[1],s),d("p",{class:"ratio"},p),d(Et,{film:t,account:e,step:n,width:o}))}function Et({film:t,account:e,step:n,width:o}){let[r,s]=[70,Math.max(1,t.n_steps)],a=Math.max(1,...Object.values(F(t,e,t.n_steps))),c=u=>4+(o-8)*u/s,p=u=>r-3-(r-8)*u/a,h=Math.max(1,Math.ceil(s/200)),i=u=>`M${t.bytes[e][u].flatMap((g,x)=>x%h===0||x===t.n_steps?[`${k(c(x))},${k(p(g))}`]:[]).join("L")}`,f=F(t,e,n);return d("svg",{role:"img","aria-label":`Bytes of all decodes so far, over the steps; at step ${n}: ${J(f.ours)} against ${J(f.theirs)}.`,width:o,height:r,viewBox:`0 0 ${o} ${r}`},d("path",{class:"axis",d:`M4,${r-2.5}H${o-4}`}),d("path",{class:"axis now",d:`M${k(c(n))},2V${r-3}`}),d("path",{class:"curve theirs",d:i(t.baseline[0])}),d("path",{class:"curve ours",d:i(t.method[0])}),d("circle",{class:"spot theirs",cx:k(c(n)),cy:k(p(f.theirs)),r:3.5}),d("circle",{class:"spot ours",cx:k(c(n)),cy:k(p(f.ours)),r:3.5}))}var st=`.deft-decode {
  max-width: 1100px;
  padding: 10px 12px;
  border: 1px solid var(--deft-faint);
  border-radius: 6px;
}
.deft-decode:focus-visible {
  outline: 2px solid var(--deft-accent);
  outline-offset: 1px;
}
.deft-decode h3,
.deft-decode h4 {
  margin: 0 0 4px;
  font-size: 14px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-decode h4 {
  margin-top: 12px;
  font-size: 12px;
}
.deft-decode p {
  margin: 0 0 4px;
  color: var(--deft-ink);
}
.deft-decode .deft-note {
  padding-left: 8px;
  border-left: 3px solid #d55e00;
}
.deft-decode .deft-sentence {
  min-height: 2.9em;
  font-size: 13.5px;
}
.deft-decode .deft-under {
  min-height: 1.4em;
  color: var(--deft-muted);
  overflow: hidden;
  white-space: nowrap;
  text-overflow: ellipsis;
}
.deft-decode-tree {
  max-height: 440px;
  overflow: auto;
}
.deft-decode-tree svg,
.deft-decode svg {
  display: block;
}
.deft-decode svg .box {
  fill: var(--deft-faint);
  stroke: none;
}
.deft-decode svg .box.lit {
  stroke: var(--deft-ink);
  stroke-width: 1.5;
}
.deft-decode svg .ghost .box {
  fill: none;
  stroke: var(--deft-line);
  stroke-width: 1;
  stroke-dasharray: 3 3;
}
.deft-decode svg .ghost text {
  fill: var(--deft-muted);
}
.deft-decode svg .name {
  font-weight: 600;
}
.deft-decode svg .mono {
  font: 11px ui-monospace, "DejaVu Sans Mono", monospace;
  white-space: pre;
}
.deft-decode svg .new {
  font-weight: 700;
  text-decoration: underline;
}
.deft-decode svg .free {
  fill: var(--deft-faint);
}
.deft-decode svg .axis {
  fill: none;
  stroke: var(--deft-line);
}
.deft-decode svg .now {
  stroke-dasharray: 2 2;
}
.deft-decode svg .curve {
  fill: none;
  stroke-width: 2;
}
.deft-decode svg .curve.ours { stroke: var(--deft-e4); }
.deft-decode svg .curve.theirs { stroke: var(--deft-e5); stroke-dasharray: 6 3; }
.deft-decode svg .spot.ours { fill: var(--deft-e4); }
.deft-decode svg .spot.theirs { fill: var(--deft-e5); }
.deft-bytes-row {
  display: grid;
  grid-template-columns: 9.5em 1fr 6.5em;
  gap: 8px;
  align-items: center;
  margin: 2px 0;
}
.deft-bytes .track {
  display: block;
  height: 12px;
  background: var(--deft-faint);
}
.deft-bytes .bar {
  display: block;
  height: 12px;
}
.deft-bytes .bar.ours { background: var(--deft-e4); }
.deft-bytes .bar.theirs {
  background: repeating-linear-gradient(135deg, var(--deft-e5) 0 6px, transparent 6px 8px);
}
.deft-bytes .value {
  font-weight: 600;
  text-align: right;
}
.deft-decode .ratio {
  margin: 2px 0 6px;
}
.deft-decode button,
.deft-decode select {
  font: inherit;
  min-height: 26px;
  padding: 2px 9px;
  color: var(--deft-ink);
  background: var(--deft-bg);
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode button {
  cursor: pointer;
}
.deft-decode button:hover:enabled {
  background: var(--deft-faint);
}
.deft-decode button:disabled {
  opacity: 0.45;
  cursor: default;
}
.deft-decode .deft-scrub {
  margin-top: 8px;
}
.deft-decode .deft-scrub input {
  display: block;
  width: 100%;
  margin: 0;
  accent-color: var(--deft-accent);
}
.deft-marks {
  position: relative;
  height: 17px;
  margin: 0 8px;
}
.deft-marks span {
  position: absolute;
  width: 13px;
  margin-left: -6px;
  padding-top: 5px;
  font-size: 10.5px;
  line-height: 12px;
  text-align: center;
  color: var(--deft-muted);
  cursor: pointer;
}
.deft-marks span::before {
  content: "";
  position: absolute;
  top: 0;
  left: 6px;
  height: 5px;
  border-left: 1px solid var(--deft-line);
}
.deft-marks span.prune::before {
  border-left-style: dotted;
}
.deft-decode .deft-transport {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
  margin-top: 4px;
}
.deft-decode .deft-count {
  margin-left: auto;
}
.deft-decode details {
  margin-top: 8px;
}
.deft-decode summary {
  cursor: pointer;
  color: var(--deft-muted);
}
.deft-decode .deft-table {
  max-height: 240px;
  overflow: auto;
}
.deft-decode table {
  margin: 4px 0 0;
  border-collapse: collapse;
  font-size: 11.5px;
  color: var(--deft-ink);
}
.deft-decode th,
.deft-decode td {
  padding: 1px 8px;
  text-align: left;
  color: var(--deft-ink);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-decode td.good { color: var(--deft-good); }
.deft-decode td.bad { color: var(--deft-bad); font-weight: 600; }
.deft-decode kbd {
  padding: 0 4px;
  font: inherit;
  color: var(--deft-ink);
  background: none;
  border: 1px solid var(--deft-line);
  border-radius: 3px;
  box-shadow: none;
}
.deft-decode .deft-live {
  display: flex;
  flex-wrap: wrap;
  gap: 4px 12px;
  align-items: center;
  margin: 4px 0 8px;
  padding: 6px 8px;
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-decode .deft-live p {
  margin: 0;
}
.deft-decode .deft-live details {
  flex-basis: 100%;
  margin-top: 2px;
}
.deft-decode .deft-go {
  font-weight: 600;
}
@media print {
  .deft-decode .deft-scrub,
  .deft-decode .deft-transport,
  .deft-decode .deft-live button,
  .deft-decode details {
    display: none;
  }
  .deft-decode-tree {
    max-height: none;
  }
}
`;var Pt=[.5,1,2,4,8],Ct=440,Ot=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["PageUp PageDown","ten steps"],["Home End","first and last"],["1 \u2026 9","forks and prunes"],["P","play or pause"]];function Ae({id:t,film:e,step:n,account:o,theme:r,live:s={},playing:a,speed:c,width:p=800,hover:h=null,moves:i}){let f=Math.min(n,e.n_steps),u=Math.max(240,p-26),l=h===null?void 0:e.nodes.find(({label:x})=>x===h),g={film:e,step:f,width:u,hover:h,setHover:i.hover};return d("section",{class:"deft deft-decode","data-theme":r,tabIndex:0,"aria-label":`${e.title}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:i.key},d("style",null,st),d("h3",null,e.title),e.note?d("p",{class:"deft-note"},e.note):null,s.state?d(Bt,{live:s,moves:i}):null,d("p",{class:"deft-sentence",role:"status","aria-live":a||s.state==="running"?"off":"polite"},d("b",null,`Step ${f}. `),e.sentences[f]),d("div",{class:"deft-decode-tree",tabIndex:0,role:"region","aria-label":"The tree with its texts",style:{minHeight:`${Math.min(Ct,Ve(e,u))}px`}},d(tt,{...g,id:`${t}t`})),d("p",{class:"deft-under"},l?Z(e,l,f):"Point at a node or a page to see what it holds."),d("h4",null,"KV memory"),d("p",{class:"deft-line"},It(e,f)),d(nt,{...g,id:`${t}p`}),d("h4",null,d("label",{for:`${t}-account`},"Bytes of all decodes so far, account "),d("select",{id:`${t}-account`,onChange:x=>i.account(x.target.value)},Object.keys(e.bytes).map(x=>d("option",{value:x,selected:x===o},x)))),d(ot,{film:e,account:o,step:f,width:u}),d(Dt,{id:t,film:e,step:f,moves:i}),d(Nt,{id:t,film:e,step:f,playing:a,speed:c,moves:i}),d(Ut,{film:e}),d("details",null,d("summary",null,"Keys"),d("p",null,Ot.flatMap(([x,m],y)=>[y?", ":"",d("kbd",null,x),` ${m}`]),"; they work while the player has the focus.")))}function It(t,e){let[n,o]=[t.stored[e],t.copies[e]],r=o>n?`; a copy for each branch would hold ${Q(o)}, ${Y(o/n)} times as many`:"";return`${Q(n)} tokens stored, in pages of ${t.page_size}${r}.`}function Bt({live:t,moves:e}){let n=t.state==="running"||t.state==="checking";return d("div",{class:`deft-live ${t.state}`},d("button",{type:"button",class:"deft-go",onClick:n?e.stop:e.decode},n?"\u25A0 Stop":t.state==="ready"?"\u25B6 Decode":"\u21BB Decode again"),d("p",{role:"status"},t.words),t.checks?.length?d("details",{open:!0},d("summary",null,"Tree against sequential, branch by branch"),d("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Tree against sequential"},d("table",null,d("thead",null,d("tr",null,["branch","tokens","same tokens","largest difference of logits",""].map(o=>d("th",{scope:"col"},o)))),d("tbody",null,t.checks.map(o=>d("tr",{key:o.leaf},d("td",null,`n${o.leaf}`),d("td",null,o.tokens),d("td",null,o.same),d("td",null,o.difference.toExponential(1)),d("td",{class:o.equal?"good":"bad"},o.equal?"\u2713 equal":"\u2717 differs"))))))):null)}function Dt({id:t,film:e,step:n,moves:o}){let r=Math.max(1,e.n_steps),s=_e(e);return d("div",{class:"deft-scrub"},d("input",{type:"range",id:`${t}-scrub`,min:0,max:e.n_steps,value:n,"aria-label":"Step","aria-valuetext":`step ${n} of ${e.n_steps}`,onInput:a=>o.go(a.target.valueAsNumber)}),d("div",{class:"deft-marks","aria-hidden":"true"},e.marks.map(([a,c,p])=>d("span",{key:a,class:c,title:`step ${a}: ${p}`,style:{left:`${100*a/r}%`},onClick:h=>o.go(a,h)},s.includes(a)?s.indexOf(a)+1:""))))}function Nt({id:t,film:e,step:n,playing:o,speed:r,moves:s}){let a=e.n_steps,c=(p,h,i)=>d("button",{type:"button","aria-label":p,title:p,disabled:i===n,onClick:f=>s.go(i,f)},h);return d("div",{class:"deft-transport"},c("First step","|\u25C0",0),c("Step before","\u25C0",Math.max(0,n-1)),d("button",{type:"button","aria-pressed":String(o),onClick:s.play},o?"\u275A\u275A Pause":"\u25B6 Play"),c("Next step","\u25B6",Math.min(a,n+1)),c("Last step","\u25B6|",a),d("label",{for:`${t}-speed`},"Speed"),d("select",{id:`${t}-speed`,onChange:p=>s.speed(Number(p.target.value))},Pt.map(p=>d("option",{value:p,selected:p===r},`${p}\xD7`))),d("span",{class:"deft-count"},`step ${n} of ${a}`))}function Ut({film:t}){let e=t.sentences.map((n,o)=>d("tr",{key:o},d("td",null,o),d("td",null,n),d("td",null,Q(t.copies[o]))));return d("details",null,d("summary",null,"All steps as a table"),d("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"All steps"},d("table",null,d("thead",null,d("tr",null,["step","what happens","tokens with a copy per branch"].map(n=>d("th",{scope:"col"},n)))),d("tbody",null,e))))}var rt=["film","step","account","theme","live"],at=400;function lt({model:t,el:e}){let n=`deft-decode-${Math.random().toString(36).slice(2)}`,[o,r,s,a,c,p]=[!1,1,null,null,800,null],h=_=>t.get(_);function i(_,$){h(_)!==$&&(t.set(_,$),t.save_changes())}function f(_){i("step",Math.max(0,Math.min(h("film").n_steps,_))),y()}function u(){h("step")>=h("film").n_steps?l():f(h("step")+1)}function l(){clearInterval(s),[o,s]=[!1,null],y()}function g(){if(o)return l();h("step")===h("film").n_steps&&f(0),o=!0,s=setInterval(u,at/r),y()}let x=_=>_?.detail&&e.querySelector(".deft-decode")?.focus({preventScroll:!0}),m={go(_,$){f(_),x($)},play(_){g(),x(_)},speed(_){r=_,o&&(clearInterval(s),s=setInterval(u,at/r)),y()},account:_=>i("account",_),hover(_){a!==_&&(a=_,y())},decode(){o&&l(),t.send({type:"decode"})},stop:()=>t.send({type:"stop"}),key(_){let $=_.target.tagName;if($==="SELECT"||($==="BUTTON"||$==="SUMMARY")&&(_.key===" "||_.key==="Enter")||(_.target.classList.contains("deft-decode-tree")||_.target.classList.contains("deft-table"))&&/^(Arrow|Page|Home|End)/.test(_.key))return;let T=_.key.toLowerCase()==="p"&&!_.ctrlKey&&!_.metaKey&&!_.altKey,S=T?null:ze(_,h("step"),h("film"));!T&&S===null||(_.preventDefault(),_.stopPropagation(),T?g():f(S))}};function y(){p??=requestAnimationFrame(()=>{p=null;let _=Object.fromEntries(rt.map($=>[$,h($)]));pe(d(Ae,{id:n,..._,playing:o,speed:r,width:c,hover:a,moves:m}),e)})}let b=new ResizeObserver(([_])=>{let $=Math.min(1100,Math.round(_.contentRect.width));!$||Math.abs($-c)<4||(c=$,y())});b.observe(e);let w=rt.map(_=>`change:${_}`);return w.forEach(_=>t.on(_,y)),y(),()=>{clearInterval(s),cancelAnimationFrame(p),b.disconnect(),w.forEach(_=>t.off(_,y)),pe(null,e)}}var _n={render:t=>lt(t)};export{Ae as DecodeView,_n as default};
